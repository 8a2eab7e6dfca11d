//! Editing one thing while others do.

use app::{App, Error, Result, domain::content::Content, store::Edit};

/// How often an edit is tried that others came in the way of: each time, one of them got on.
const TRIES: usize = 10;

/// Edits a head that was read: `change` says how, for the head as it is then, or that there is nothing to do. Answers the
/// head as it is afterwards. An edit that names the revision that it starts from is not applied to another one; one that names
/// none is applied to the newest.
///
/// # Errors
/// `Changed` when it is not at the named revision, or others were always first; `NotFound` when it is gone meanwhile; what
/// `change` says.
pub async fn edit(
    app: &App,
    first: &Content,
    if_match: Option<u64>,
    change: impl AsyncFn(&Content) -> Result<Option<Edit>>,
) -> Result<Content> {
    let mut head = first.clone();
    let changed = || Error::Changed(first.what.named());
    for _ in 0..TRIES {
        if if_match.is_some_and(|rev| rev != head.rev) {
            return Err(changed());
        }
        let Some(edit) = change(&head).await? else {
            return Ok(head);
        };
        let (now, kept) = (app.clock.now(), app.config.deleted_content);
        let edits = [edit];
        match app
            .store
            .edit_content(head.project, &edits, kept, now)
            .await
        {
            Err(Error::Changed(_)) => {}
            done => {
                done?;
                let [edit] = edits;
                return Ok(edit.result());
            }
        }
        let found = app.store.content(first.what, first.id).await?;
        head = found.ok_or(Error::NotFound(first.what.named()))?;
    }
    Err(changed())
}

/// Edits several heads of a project, in transactions that take them; what comes first is done first. A failure leaves what was
/// done: to do all of it again is safe.
///
/// # Errors
/// As [`app::store::Store::edit_content`].
pub async fn edit_all(app: &App, edits: &[Edit]) -> Result<()> {
    let (now, kept) = (app.clock.now(), app.config.deleted_content);
    for chunk in chunks(edits) {
        if let [first, ..] = chunk {
            let project = first.new.project;
            app.store.edit_content(project, chunk, kept, now).await?;
        }
    }
    Ok(())
}

/// Edits in runs that one transaction takes, by number and by bytes.
fn chunks(edits: &[Edit]) -> Vec<&[Edit]> {
    let (mut found, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (at, edit) in edits.iter().enumerate() {
        let size = edit.version.as_ref().map_or(0, |body| body.0.len());
        if at - start == app::store::EDITS || bytes + size > app::store::LARGEST_CHUNK {
            found.extend(edits.get(start..at));
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    found.extend(edits.get(start..));
    found
}
