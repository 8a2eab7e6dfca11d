//! Editing one thing while others do.

use std::time::Duration;

use app::{App, Error, Result, domain::content::Content, store::Edit};

/// How often an edit is tried that others came in the way of: each time, one of them got on. As many may edit one thing at once.
const TRIES: u32 = 60;

/// An edit of one head, tried until it is applied. One that names the revision that it starts from is not applied to
/// another one; one that names none is applied to the newest.
///
/// ```text
/// let mut editing = Editing::new(&head, if_match);
/// let head = loop {
///     let head = &editing.head()?;
///     let edit = …; // how, or that there is nothing to do
///     if let Some(done) = editing.apply(&app, edit).await? {
///         break done;
///     }
/// };
/// ```
pub struct Editing {
    head: Content,
    if_match: Option<u64>,
    tries: u32,
}

impl Editing {
    /// The edit of a head that was read.
    pub fn new(head: &Content, if_match: Option<u64>) -> Self {
        Self {
            head: head.clone(),
            if_match,
            tries: 0,
        }
    }

    /// The head as it is now.
    ///
    /// # Errors
    /// `Changed` when it is not at the named revision, or others were always first.
    pub fn head(&self) -> Result<Content> {
        let other = self.if_match.is_some_and(|rev| rev != self.head.rev);
        if other || self.tries >= TRIES {
            return Err(Error::Changed(self.head.what.named()));
        }
        Ok(self.head.clone())
    }

    /// Applies a change of that head. Answers the head as it is afterwards; none when others were first, and it is to be tried
    /// again.
    ///
    /// # Errors
    /// `NotFound` when it is gone meanwhile; those of the change, and of [`app::store::Store::edit_content`].
    pub async fn apply(
        &mut self,
        app: &App,
        change: Result<Option<Edit>>,
    ) -> Result<Option<Content>> {
        let Some(edit) = change? else {
            return Ok(Some(self.head.clone()));
        };
        let (now, kept) = (app.clock.now(), app.config.deleted_content);
        let done = edit.result();
        match app
            .store
            .edit_content(self.head.project, &[edit], kept, now)
            .await
        {
            Err(Error::Changed(_)) => {}
            other => return other.map(|()| Some(done)),
        }
        if self.if_match.is_none() {
            // So that those who lost do not all come again at once.
            let most = 8 << self.tries.min(4);
            let pause = u64::from(1 + app.random.below(most));
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.tries += 1;
        let found = app.store.content(self.head.what, self.head.id).await?;
        self.head = found.ok_or(Error::NotFound(self.head.what.named()))?;
        Ok(None)
    }
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

/// Edits several heads as [`edit_all`] does, each run of them whatever became of the others.
///
/// # Errors
/// `Changed` when some runs were lost to others; all other runs are done then.
pub async fn edit_each(app: &App, edits: &[Edit]) -> Result<()> {
    let mut lost = None;
    for chunk in chunks(edits) {
        match edit_all(app, chunk).await {
            Err(error @ Error::Changed(_)) => lost = Some(error),
            done => done?,
        }
    }
    lost.map_or(Ok(()), Err)
}

/// Actions of a transaction that edits may take: a hundred, but for the parts of the index and the project.
const ACTIONS: usize = 80;

/// Edits in runs that one transaction takes, by number and by bytes.
fn chunks(edits: &[Edit]) -> Vec<&[Edit]> {
    let (mut found, mut start, mut bytes, mut actions) = (Vec::new(), 0, 0, 0);
    for (at, edit) in edits.iter().enumerate() {
        let size = edit.version.as_ref().map_or(0, |body| body.0.len());
        let full = actions + edit.actions() > ACTIONS;
        if full || bytes + size > app::store::LARGEST_CHUNK {
            found.extend(edits.get(start..at));
            (start, bytes, actions) = (at, 0, 0);
        }
        bytes += size;
        actions += edit.actions();
    }
    found.extend(edits.get(start..));
    found
}
