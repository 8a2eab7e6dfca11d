//! Comments on the tiles of dashboards: as clients see them, and who is told of a new one (reference 26 §1, §2).

use std::collections::{BTreeMap, BTreeSet};

use app::{
    App, CurrentUser, Error, InProject, Result, Timestamp,
    domain::{
        access::{Action, Subject},
        comment::{Comment, MOST_TOLD},
        content::{Tile, TileFace},
        id::{CommentId, UserId},
        job::{Job, Task},
        notification::{CommentPlace, Notification},
        user::User,
    },
    spaces::Spaces,
};
use futures_util::future::try_join_all;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{find::Place, people::Names};

/// What a comment's author is called whose account is gone.
const GONE: &str = "Deleted user";

/// Who wrote a comment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentAuthor {
    pub name: String,
}

/// A comment as the caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Comment)]
pub struct CommentView {
    pub comment_id: CommentId,
    pub text: String,
    /// Safe to show.
    pub text_html: String,
    pub created_at: Timestamp,
    pub user: CommentAuthor,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reply_to: Option<CommentId>,
    /// Of what begins a thread: what was answered, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, no_recursion)]
    pub replies: Option<Vec<CommentView>>,
    pub resolved: bool,
    /// Whether the caller may delete it.
    pub can_remove: bool,
    pub mentions: Vec<UserId>,
}

/// Who looks at comments.
pub struct Reader<'a> {
    pub names: &'a Names,
    pub user: UserId,
    /// Whether they may delete everybody's.
    pub manages: bool,
}

impl Reader<'_> {
    fn see(&self, comment: &Comment) -> CommentView {
        let name = self.names.full(comment.author);
        CommentView {
            comment_id: comment.id,
            text: comment.text.clone(),
            text_html: comment.html.clone(),
            created_at: comment.created_at,
            user: CommentAuthor {
                name: name.unwrap_or_else(|| GONE.to_owned()),
            },
            reply_to: comment.reply_to,
            replies: None,
            resolved: comment.resolved,
            can_remove: self.manages || comment.author == Some(self.user),
            mentions: comment.mentions.clone(),
        }
    }

    /// The threads on these tiles that are not resolved, by tile, the oldest first.
    pub fn threads(
        &self,
        comments: &[Comment],
        tiles: &[Tile],
    ) -> BTreeMap<String, Vec<CommentView>> {
        let tiles: BTreeSet<&str> = tiles.iter().map(|tile| tile.uuid.as_str()).collect();
        let mut comments: Vec<&Comment> = comments.iter().collect();
        comments.sort_by_key(|comment| (comment.created_at, comment.id));
        let mut replies: BTreeMap<CommentId, Vec<CommentView>> = BTreeMap::new();
        for reply in &comments {
            if let Some(first) = reply.reply_to {
                replies.entry(first).or_default().push(self.see(reply));
            }
        }
        let mut threads: BTreeMap<String, Vec<CommentView>> = BTreeMap::new();
        for first in comments {
            let is_open = first.reply_to.is_none() && !first.resolved;
            if is_open && tiles.contains(first.tile.as_str()) {
                let thread = CommentView {
                    replies: Some(replies.remove(&first.id).unwrap_or_default()),
                    ..self.see(first)
                };
                threads.entry(first.tile.clone()).or_default().push(thread);
            }
        }
        threads
    }
}

/// The people of an organisation among those that a comment mentions, without its order: others are nobody here.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn mentioned(
    app: &App,
    project: &InProject,
    ids: BTreeSet<UserId>,
) -> Result<Vec<UserId>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let users = app.store.users(ids).await?.into_values();
    let own = users.filter(|user| user.organization == Some(project.organization()));
    Ok(own.map(|user| user.id).collect())
}

/// Who is told of a new comment. Only who may view the dashboard is, and its author never. The comment itself names whom its author
/// mentioned: who may enter a space is for those to know who decide on it.
pub struct Told {
    /// Those that it mentions.
    mentioned: Vec<User>,
    /// Those who commented on the tile before, and are not mentioned.
    others: Vec<User>,
}

impl Told {
    /// Reads them: one batch, and one request for each of them.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub async fn read(
        app: &App,
        place: &Place<'_>,
        comment: &Comment,
        earlier: &[Comment],
    ) -> Result<Self> {
        let mentioned: BTreeSet<UserId> = comment.mentions.iter().copied().collect();
        let mut last: BTreeMap<UserId, Timestamp> = BTreeMap::new();
        for one in earlier.iter().filter(|one| one.tile == comment.tile) {
            if let Some(author) = one.author {
                let at = last.entry(author).or_insert(one.created_at);
                *at = one.created_at.max(*at);
            }
        }
        last.retain(|user, _| !mentioned.contains(user));
        let mut others: Vec<(UserId, Timestamp)> = last.into_iter().collect();
        others.sort_by_key(|(user, at)| (std::cmp::Reverse(*at), *user));
        others.truncate(MOST_TOLD);

        let others = others.into_iter().map(|(user, _)| user);
        let mut wanted: BTreeSet<UserId> = others.chain(mentioned.iter().copied()).collect();
        wanted.retain(|user| Some(*user) != comment.author);
        if wanted.is_empty() {
            return Ok(Self {
                mentioned: Vec::new(),
                others: Vec::new(),
            });
        }
        let users: Vec<User> = app.store.users(wanted).await?.into_values().collect();
        let may = try_join_all(users.iter().map(|user| sees(app, place, user))).await?;
        let seeing = users.into_iter().zip(may).filter(|(_, may)| *may);
        let (mentioned, others) = seeing
            .map(|(user, _)| user)
            .partition(|user| mentioned.contains(&user.id));
        Ok(Self { mentioned, others })
    }

    /// The notices that tell them, and the mails to those who are mentioned and have proved their address.
    pub fn letters(
        &self,
        app: &App,
        place: &Place<'_>,
        (comment, tile): (&Comment, &Tile),
    ) -> (Vec<Notification>, Vec<Job>) {
        let author = &place.spaces.project.user;
        let head = place.head;
        let now = comment.created_at;
        let title = title(&tile.face);
        let notice = |user: &User, did: &str| {
            let name = format!("{} {}", author.first_name, author.last_name);
            let mut message = format!("{} {did} \"{}\"", name.trim(), head.name);
            if !title.is_empty() {
                message += &format!(", tile \"{title}\"");
            }
            Notification {
                resource: Some(comment.id.to_string()),
                message: Some(message),
                url: Some(format!("/dashboards/{}", head.id)),
                metadata: Some(CommentPlace {
                    dashboard_uuid: head.id.to_string(),
                    dashboard_name: head.name.clone(),
                    dashboard_tile_uuid: tile.uuid.clone(),
                    dashboard_tile_name: title.to_owned(),
                }),
                ..Notification::new(user.id, &app.random, now)
            }
        };
        let tagged = self.mentioned.iter();
        let tagged = tagged.map(|user| notice(user, "tagged you in a comment on"));
        let others = self.others.iter();
        let others = others.map(|user| notice(user, "commented on"));
        let notices = tagged.chain(others).collect();
        let mailed = self.mentioned.iter().filter(|user| user.email_verified);
        let mails = mailed.map(|user| {
            let task = Task::MailMention {
                to: user.email.clone(),
                dashboard: head.id,
                by: author.id,
            };
            Job::new(task, &app.random, now)
        });
        (notices, mails.collect())
    }
}

/// Whether somebody may view what lies at a place.
async fn sees(app: &App, place: &Place<'_>, user: &User) -> Result<bool> {
    let Some(space) = place.space().filter(|_| user.is_active) else {
        return Ok(false);
    };
    let caller = CurrentUser {
        user: user.clone(),
        session: None,
    };
    let project = match InProject::find(app, caller, place.head.project).await {
        Err(Error::NotExists(_) | Error::Forbidden(_)) => return Ok(false),
        found => found?,
    };
    let above = place.spaces.tree.breadcrumbs(space).into_iter();
    let spaces = Spaces {
        project: &project,
        tree: above.cloned().collect(),
    };
    Ok(spaces.may(Action::View, Subject::Dashboard, space))
}

/// The title of a tile; empty where it has none of its own.
fn title(face: &TileFace) -> &str {
    match face {
        TileFace::SavedChart { title, .. }
        | TileFace::SqlChart { title, .. }
        | TileFace::SemanticViewerChart { title, .. } => title.as_deref().unwrap_or_default(),
        TileFace::Markdown { title, .. } | TileFace::Loom { title, .. } => title,
    }
}
