//! What the caller's user attributes are.

pub use semantic::UserAttributes;

use crate::{App, InProject, Result};

/// The caller's values: their own and those of their groups; the default, where there are none. The address counts once it
/// is proved.
///
/// # Errors
/// `Unavailable` when the table does not answer.
pub async fn of_caller(app: &App, project: &InProject) -> Result<UserAttributes> {
    let user = &project.user;
    let mut found = UserAttributes {
        email: user.email_verified.then(|| user.email.to_string()),
        ..UserAttributes::default()
    };
    for attribute in app.store.attributes(project.organization()).await? {
        let own = attribute.users.get(&user.id);
        let groups = attribute
            .groups
            .iter()
            .filter(|(group, _)| user.groups.contains(group))
            .map(|(_, value)| value);
        let mut values: Vec<String> = own.into_iter().chain(groups).cloned().collect();
        if values.is_empty() {
            values.extend(attribute.attribute_default);
        }
        found.values.insert(attribute.name, values);
    }
    Ok(found)
}
