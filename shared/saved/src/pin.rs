//! What is pinned to a project's start page (reference 26 §3).

use std::collections::BTreeSet;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::{Action, Subject},
        id::{PinnedListId, ProjectId},
        pins::{LAST, MOST_PINS, Pinnable, Pins},
    },
};

/// How often a change is tried that others came in the way of: each time, one of them got on.
const TRIES: usize = 10;

/// Pins something of the project, behind what is pinned of its kind, or takes its pin away. Answers the project's list and
/// whether it is pinned now. The list is made with the first pin. That the thing is there, and that the caller sees it, is
/// for whoever calls to ask.
///
/// # Errors
/// `Forbidden` for somebody who may not pin in the project; `Invalid` when the list is full; `NotExists` when the project is
/// gone; `Changed` when others were always first.
pub async fn toggle(
    app: &App,
    project: &InProject,
    what: Pinnable,
    id: String,
) -> Result<(PinnedListId, bool)> {
    project.require(Action::Manage, Subject::PinnedItems)?;
    for _ in 0..TRIES {
        let pins = app.store.pins(project.id()).await?;
        let mut pins = pins.unwrap_or_else(|| Pins::new(PinnedListId::new(&app.random)));
        let is_pinned = pins.orders.remove(&id).is_none();
        if is_pinned {
            if pins.orders.len() >= MOST_PINS {
                forget_gone(app, project.id(), &mut pins).await?;
            }
            if pins.orders.len() >= MOST_PINS {
                return Err(Error::invalid(format!(
                    "At most {MOST_PINS} things can be pinned in a project"
                )));
            }
            pins.orders.insert(id.clone(), (what, LAST));
        }
        match app.store.put_pins(project.id(), &pins).await {
            Err(Error::Changed(Kind::PinnedList)) => {}
            done => return done.map(|()| (pins.id, is_pinned)),
        }
    }
    Err(Error::Changed(Kind::PinnedList))
}

/// Takes the pins away of what is gone for good: nobody sees them, to do it themselves. What can be restored keeps its own.
async fn forget_gone(app: &App, project: ProjectId, pins: &mut Pins) -> Result<()> {
    let (index, tree) = tokio::try_join!(app.store.index(project), app.store.spaces(project))?;
    let (kept, now) = (app.config.deleted_content, app.clock.now());
    let contents = index.live().chain(index.deleted());
    let contents = contents.filter(|row| !row.is_over(kept, now));
    let contents = contents.map(|row| row.id.to_string());
    let spaces = tree.by_path().into_iter().map(|one| one.id.to_string());
    let there: BTreeSet<String> = contents.chain(spaces).collect();
    pins.orders.retain(|id, _| there.contains(id));
    Ok(())
}
