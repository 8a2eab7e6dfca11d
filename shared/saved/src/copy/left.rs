//! What of a project could not be copied, as whoever began the copy may read it.

use app::{
    App, Result,
    domain::{
        access::{Action, Role, Subject},
        content::{Content, ContentKind, Index},
        id::{ContentId, ProjectId, SpaceId},
        space::Space,
        work::Work,
    },
    spaces::Spaces,
};
use serde_json::{Value, json};

use crate::{
    contents::Contents,
    validate::results::{PRIVATE, sees},
    work::as_its_owner,
};

/// How much is told at most.
const MOST_TOLD: usize = 200;
/// What is said of something that the reader may not see.
const PRIVATE_REASON: &str = "It could not be copied";

/// Of the project that is copied.
#[derive(Clone, Copy)]
enum Thing {
    Space(SpaceId),
    Content(ContentKind, ContentId),
}

impl Thing {
    fn is_seen(self, contents: &Contents<'_>) -> bool {
        let spaces = &contents.spaces;
        match self {
            Thing::Space(id) => spaces.tree.get(id).is_some_and(|space| {
                let all = spaces.project.role() == Role::Admin;
                all || spaces.may(Action::View, Subject::Space, space)
            }),
            Thing::Content(what, id) => {
                let row = contents.index.get(what, id);
                row.is_some_and(|row| sees(contents, row))
            }
        }
    }
}

/// Something that is not copied, and why.
pub(super) struct Left {
    thing: Thing,
    name: String,
    reason: String,
}

impl Left {
    pub(super) fn space(space: &Space) -> Self {
        Self {
            thing: Thing::Space(space.id),
            name: space.name.clone(),
            reason: "The space that its copy is to lie in was deleted".to_owned(),
        }
    }

    pub(super) fn content(row: &Content, reason: impl ToString) -> Self {
        Self {
            thing: Thing::Content(row.what, row.id),
            name: row.name.clone(),
            reason: reason.to_string(),
        }
    }

    fn told(&self, contents: Option<&Contents<'_>>) -> Value {
        let kind = match self.thing {
            Thing::Space(_) => json!("space"),
            Thing::Content(what, _) => json!(what),
        };
        match contents.is_some_and(|contents| self.thing.is_seen(contents)) {
            true => json!({ "kind": kind, "name": self.name, "reason": self.reason }),
            false => json!({ "kind": kind, "name": PRIVATE, "reason": PRIVATE_REASON }),
        }
    }
}

/// Puts what was left out into what came of a copy, if anything was.
pub(super) async fn tell(
    app: &App,
    work: &Work,
    (from, index): (ProjectId, Index),
    left: &[Left],
    came: &mut Value,
) -> Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let project = as_its_owner(app, work.user, from).await?;
    let contents = match &project {
        Some(project) => Some(Contents {
            spaces: Spaces::read(app, project).await?,
            index,
        }),
        None => None,
    };
    let told = left.iter().take(MOST_TOLD);
    let told = told.map(|one| one.told(contents.as_ref()));
    came["notCopied"] = told.collect();
    came["notCopiedCut"] = json!(left.len() > MOST_TOLD);
    Ok(())
}
