//! The ids of things: one type each, so that two of them cannot be mixed up.

use sha2::{Digest, Sha256};

/// Declares newtypes over `Uuid` that look like a uuid on the wire, in the table and in the document.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A fresh id.
            pub fn new(random: &$crate::random::Random) -> Self {
                Self(random.uuid())
            }

            /// A fresh id that sorts by time: a version-7 uuid (RFC 9562 §5.7).
            pub fn timed(random: &$crate::random::Random, now: $crate::clock::Timestamp) -> Self {
                let other = Self::new(random);
                let tail: String = other.simple().chars().skip(13).collect();
                Self::from_simple(&format!("{:012x}7{tail}", now.millis())).unwrap_or(other)
            }

            /// The id in a path or a body; `None` when it is not a uuid.
            pub fn parse(text: &str) -> Option<Self> {
                // Only the hyphenated form: one thing has one name.
                (text.len() == 36).then(|| uuid::Uuid::try_parse(text).ok().map(Self)).flatten()
            }

            /// The bytes of the uuid.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The 32 hexadecimal digits, without hyphens.
            pub fn simple(&self) -> String {
                self.0.simple().to_string()
            }

            /// Reads what [`Self::simple`] wrote.
            pub fn from_simple(text: &str) -> Option<Self> {
                (text.len() == 32).then(|| uuid::Uuid::try_parse(text).ok().map(Self)).flatten()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id!(
    /// A person with an account.
    UserId,
    /// An organisation: what a team signs up as.
    OrganizationId,
    /// A personal access token (not its secret).
    TokenId,
    /// One of a user's own warehouse logins.
    CredentialsId,
    /// A colour palette.
    PaletteId,
    /// A group of members of an organisation.
    GroupId,
    /// A project: a warehouse and what is made of it.
    ProjectId,
    /// A folder of charts and dashboards in a project.
    SpaceId,
    /// A user attribute: a name under which members and groups have values.
    AttributeId,
    /// A notice in somebody's inbox.
    NotificationId,
    /// A piece of work that outlives a request.
    JobId,
    /// A deploy that comes in batches.
    DeployId,
    /// A tag of a project, also called a category.
    TagId,
    /// A compilation of a project's dbt project.
    CompileJobId,
    /// A question to a warehouse that is kept.
    QueryId,
    /// A chart, a dashboard or an SQL chart.
    ContentId,
    /// A list of what is pinned in a project.
    PinnedListId,
    /// A comment on a tile of a dashboard.
    CommentId,
    /// A piece of work that somebody polls.
    WorkId,
    /// How the metrics list of a project is shown.
    SpotlightConfigId,
    /// A table or a field in the catalogue of a project.
    CatalogItemId,
);

/// An id that follows from a project and a thing: the same again for the same two, and another one for others.
fn derived(project: ProjectId, what: &str, source: &[u8]) -> uuid::Uuid {
    let whole = [what.as_bytes(), project.as_bytes().as_slice(), source].concat();
    let digest = Sha256::digest(whole);
    let mut bytes = [0; 16];
    for (byte, part) in bytes.iter_mut().zip(digest.iter()) {
        *byte = *part;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl SpaceId {
    /// What a copy of a space is called in a project: copying it again finds what is there.
    pub fn derived(project: ProjectId, source: Self) -> Self {
        Self(derived(project, "space", source.as_bytes()))
    }
}

impl CompileJobId {
    /// The compilation that a preview begins with.
    pub fn first_of(project: ProjectId) -> Self {
        Self(derived(project, "compilation", &[]))
    }
}

impl WorkId {
    /// The work that a preview begins with: the copy of its content.
    pub fn first_of(project: ProjectId) -> Self {
        Self(derived(project, "content", &[]))
    }

    /// The work that makes a file: the same again for the same wish, which tells whose rows it is of.
    pub fn file_of(project: ProjectId, wish: &[u8]) -> Self {
        Self(derived(project, "file", wish))
    }
}

impl SpotlightConfigId {
    /// The one of a project.
    pub fn of(project: ProjectId) -> Self {
        Self(derived(project, "spotlight", &[]))
    }
}

impl CatalogItemId {
    /// The one of a thing that has these names, the first of which says what it is: the same after each deploy.
    pub fn of(project: ProjectId, names: &[&str]) -> Self {
        Self(derived(project, "catalog", names.join("\u{0}").as_bytes()))
    }
}

impl ContentId {
    /// What a copy of it is called in a project: copying it again finds what is there.
    pub fn derived(project: ProjectId, source: Self) -> Self {
        Self(derived(project, "saved", source.as_bytes()))
    }

    /// The id of a version of it, by its number: its own, with the number added into the last six bytes. So a version is
    /// found by its id alone, and no version of one thing has an id that is one of another.
    pub fn version(self, number: u32) -> Self {
        let mut bytes = *self.as_bytes();
        let number = u64::from(number).to_be_bytes();
        for (byte, part) in bytes.iter_mut().skip(10).zip(number.iter().skip(2)) {
            *byte ^= part;
        }
        Self(uuid::Uuid::from_bytes(bytes))
    }

    /// The number of a version, if the id is one of a version of this.
    pub fn number_of(self, version: Self) -> Option<u32> {
        let (own, other) = (self.as_bytes(), version.as_bytes());
        let mut number = 0_u64;
        for (at, (a, b)) in own.iter().zip(other).enumerate() {
            match (at, a ^ b) {
                (10.., part) => number = number << 8 | u64::from(part),
                (_, 0) => {}
                _ => return None,
            }
        }
        u32::try_from(number).ok().filter(|number| *number > 0)
    }
}

impl UserId {
    /// Whom clients see where somebody is gone whose id was not kept.
    pub fn nobody() -> Self {
        Self(uuid::Uuid::nil())
    }

    /// The number that older clients see as `userId`: the first 31 bits of the uuid. Nothing looks a user up by it.
    pub fn number(self) -> u32 {
        let [a, b, c, d, ..] = *self.as_bytes();
        u32::from_be_bytes([a, b, c, d]) >> 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, random::Random};

    #[test]
    fn timed_ids_sort_by_time() {
        let random = Random::seeded(1);
        let ids = [0, 1, 1_769_851_800_000, 253_402_300_799_999]
            .map(|at| CommentId::timed(&random, Timestamp::from_millis(at)).to_string());
        assert!(ids.is_sorted(), "{ids:?}");
        assert!(ids.iter().all(|id| id.as_bytes()[14] == b'7'), "{ids:?}");
    }

    #[test]
    fn a_version_is_found_by_its_id() {
        let random = Random::seeded(1);
        let (chart, other) = (ContentId::new(&random), ContentId::new(&random));
        for number in [1, 2, 255, 256, 70_000, u32::MAX] {
            assert_eq!(chart.number_of(chart.version(number)), Some(number));
            assert_eq!(other.number_of(chart.version(number)), None);
        }
        assert_eq!(chart.number_of(chart), None);
    }

    #[test]
    fn a_copy_is_called_the_same_again_and_differently_elsewhere() {
        let random = Random::seeded(1);
        let (project, other) = (ProjectId::new(&random), ProjectId::new(&random));
        let (chart, second) = (ContentId::new(&random), ContentId::new(&random));
        let copy = ContentId::derived(project, chart);
        assert_eq!(ContentId::derived(project, chart), copy);
        assert_eq!(ContentId::parse(&copy.to_string()), Some(copy));
        assert_eq!(copy.to_string().as_bytes()[14], b'8');
        for another in [
            chart,
            ContentId::derived(project, second),
            ContentId::derived(other, chart),
            ContentId::derived(project, copy),
        ] {
            assert_ne!(another, copy);
        }
    }
}
