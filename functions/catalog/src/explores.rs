//! The explores that the catalogue is made of.

use app::{
    App, InProject, Result,
    attributes::{self, UserAttributes},
    domain::{explore_set::Entry, table_selection::TableSelection},
};

/// The explores that the caller's attributes do not hide, by label.
pub(crate) struct Explores {
    pub(crate) entries: Vec<Entry>,
    pub(crate) attributes: UserAttributes,
    /// Which of them the project offers.
    selection: TableSelection,
}

impl Explores {
    /// Reads the list.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub(crate) async fn read(app: &App, project: &InProject) -> Result<Self> {
        let (mut entries, selection) = tokio::try_join!(
            app.store.explores(project.id()),
            app.store.table_selection(project.id()),
        )?;
        let personal = |entry: &Entry| entry.personal || entry.required.is_some();
        let attributes = if entries.iter().any(personal) {
            attributes::of_caller(app, project).await?
        } else {
            UserAttributes::default()
        };
        entries.retain(|entry| {
            let required = entry.required.as_ref();
            required.is_none_or(|required| attributes.satisfy(required))
        });
        entries.sort_by(|a, b| (&a.label, &a.name).cmp(&(&b.label, &b.name)));
        Ok(Self {
            entries,
            attributes,
            selection,
        })
    }

    /// Whether the project offers it.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        let tags = entry.tags.iter().map(String::as_str);
        self.selection.offers(&entry.name, tags, entry.is_virtual)
    }

    /// Those that can be asked.
    pub(crate) fn whole(&self) -> Vec<&Entry> {
        let entries = self.entries.iter();
        entries.filter(|entry| !entry.is_error).collect()
    }

    /// Those that can be asked and the project offers.
    pub(crate) fn offered(&self) -> Vec<&Entry> {
        let mut entries = self.whole();
        entries.retain(|entry| self.has(entry));
        entries
    }
}

/// Gives the text of each of these explores to `take`, in their order, until it says what is wrong.
///
/// # Errors
/// `Unavailable` when one of them was removed since the list was read; and what `take` says.
pub(crate) async fn each(
    app: &App,
    project: &InProject,
    entries: &[&Entry],
    mut take: impl FnMut(&str) -> Result<()> + Send,
) -> Result<()> {
    let mut taken = Ok(());
    let visit = |text: &str| {
        if taken.is_ok() {
            taken = take(text);
        }
    };
    let read = app.store.each_explore_text(project.id(), entries, visit);
    read.await?;
    taken
}
