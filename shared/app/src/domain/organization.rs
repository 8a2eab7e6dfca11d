//! Organisations: what a team signs up as.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        email::EmailAddress,
        id::{GroupId, OrganizationId, PaletteId, ProjectId, UserId},
        paging::Words,
        user::{LONGEST_NAME, User},
    },
};

/// The organisation itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    pub id: OrganizationId,
    pub name: String,
    pub created_at: Timestamp,
    /// The project that people see first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_project: Option<ProjectId>,
    /// The palette that charts take their colours from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub palette: Option<PaletteId>,
    /// From then on it is gone, and what hangs on it is being removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

impl Organization {
    /// A fresh one, without projects.
    pub fn new(id: OrganizationId, name: String, now: Timestamp) -> Self {
        Self {
            id,
            name,
            created_at: now,
            default_project: None,
            palette: None,
            deleted_at: None,
        }
    }
}

/// What is to be changed of an organisation; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationChange {
    pub name: Option<String>,
    pub default_project: Option<ProjectId>,
    pub palette: Option<PaletteId>,
}

/// How many of what there are, kept current by whoever changes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    #[serde(default)]
    pub members: u64,
    #[serde(default)]
    pub projects: u64,
}

/// A member as the organisation's list shows them; kept current with the profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub user: UserId,
    pub email: EmailAddress,
    pub first_name: String,
    pub last_name: String,
    pub role: Option<Role>,
    pub is_active: bool,
    pub is_pending: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(
        default,
        skip_serializing_if = "BTreeSet::is_empty",
        with = "serde_dynamo::string_set"
    )]
    pub groups: BTreeSet<GroupId>,
    /// Until when the open invitation of a pending member can be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite_expires_at: Option<Timestamp>,
}

impl Member {
    /// The row of a user as they are now.
    pub fn of(user: &User) -> Self {
        Self {
            user: user.id,
            email: user.email.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            role: user.role,
            is_active: user.is_active,
            is_pending: user.is_pending(),
            created_at: user.created_at,
            updated_at: user.updated_at,
            groups: user.groups.clone(),
            invite_expires_at: None,
        }
    }

    /// Whether somebody was invited, and cannot come any more by what they were sent. The instant of the end is past it.
    pub fn is_invite_expired(&self, now: Timestamp) -> bool {
        self.is_pending && self.invite_expires_at.is_some_and(|end| end <= now)
    }

    /// Whether any of the words is in a name, the address, or the role.
    pub fn matches(&self, words: &Words) -> bool {
        let role = self.role.map_or("", role_name);
        words.are_in([&self.first_name, &self.last_name, self.email.as_str(), role])
    }
}

/// A role as the wire has it.
fn role_name(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Viewer => "viewer",
        Role::InteractiveViewer => "interactive_viewer",
        Role::Editor => "editor",
        Role::Developer => "developer",
        Role::Admin => "admin",
    }
}

/// What an organisation has been through.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Onboarding {
    /// When somebody first ran a query.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_query_at: Option<Timestamp>,
    /// When the success screen was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_success_at: Option<Timestamp>,
}

/// A name for an organisation: ASCII letters, digits, space, `_` and `-`, not blank (reference 02 §2.3), at most 255
/// characters; trimmed.
///
/// # Errors
/// `Invalid` when it is not.
pub fn organization_name(text: &str) -> Result<String> {
    let name = text.trim();
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b' ' | b'_' | b'-'));
    if name.is_empty() || name.len() > LONGEST_NAME || !plain {
        return Err(Error::invalid(
            "An organization's name has 1 to 255 letters, digits, spaces, dashes or underscores",
        ));
    }
    Ok(name.to_owned())
}

/// Twenty colours that charts take in turn.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Palette {
    pub id: PaletteId,
    pub name: String,
    pub colors: Vec<String>,
    pub created_at: Timestamp,
}

/// How many colours a palette has.
pub const COLORS: usize = 20;
/// More palettes than anybody tells apart; they are listed whole.
pub const MOST_PALETTES: usize = 100;

/// A name for a palette: trimmed, 1 to 255 characters, no control characters.
///
/// # Errors
/// `Invalid` when it is not.
pub fn palette_name(text: &str) -> Result<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)
    {
        return Err(Error::invalid(
            "A palette's name has 1 to 255 characters and no control characters",
        ));
    }
    Ok(name.to_owned())
}

/// The colours of a palette: twenty, each `#rgb`, `#rrggbb` or `#rrggbbaa`, as they end up in style sheets.
///
/// # Errors
/// `Invalid` when they are not.
pub fn palette_colors(colors: Vec<String>) -> Result<Vec<String>> {
    let is_color = |text: &String| {
        let digits = text.strip_prefix('#').unwrap_or_default();
        matches!(digits.len(), 3 | 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit())
    };
    if colors.len() != COLORS || !colors.iter().all(is_color) {
        return Err(Error::invalid(
            "A palette has 20 colors, each written #rgb, #rrggbb or #rrggbbaa",
        ));
    }
    Ok(colors)
}

/// The palettes that every organisation starts with. The first nine colours of the first are the default series of the
/// ECharts library.
pub const PRESET_PALETTES: [(&str, [&str; 20]); 6] = [
    (
        "Default",
        [
            "#5470c6", "#91cc75", "#fac858", "#ee6666", "#73c0de", "#3ba272", "#fc8452", "#9a60b4",
            "#ea7ccc", "#3a4f9b", "#6ba851", "#d9a431", "#c94343", "#4f9fbf", "#2a7d56", "#d8652f",
            "#784793", "#c45aa6", "#8397d6", "#b5dca1",
        ],
    ),
    (
        "Modern",
        [
            "#7162ff", "#1a1b1e", "#2d2e30", "#4b5563", "#6b7280", "#9ca3af", "#0ea5e9", "#06b6d4",
            "#14b8a6", "#10b981", "#84cc16", "#eab308", "#f59e0b", "#f97316", "#ef4444", "#ec4899",
            "#d946ef", "#a855f7", "#6366f1", "#3b82f6",
        ],
    ),
    (
        "Retro",
        [
            "#e76f51", "#f4a261", "#e9c46a", "#2a9d8f", "#264653", "#8d5b4c", "#bc6c25", "#dda15e",
            "#606c38", "#283618", "#9b2226", "#ae2012", "#bb3e03", "#ca6702", "#ee9b00", "#94d2bd",
            "#0a9396", "#005f73", "#6d597a", "#b56576",
        ],
    ),
    (
        "Business",
        [
            "#1f3a5f", "#2f5d8a", "#4a7fb0", "#6fa3cf", "#9bc4e2", "#274c3a", "#3d6f56", "#5b9176",
            "#86b39b", "#b4d3c2", "#5c4a1f", "#85702f", "#ad964a", "#cdb975", "#e4d7a6", "#5a2a2a",
            "#824040", "#a85c5c", "#c98585", "#e3b4b4",
        ],
    ),
    (
        "Zerodash",
        [
            "#0f766e", "#f59e0b", "#4f46e5", "#e11d48", "#0284c7", "#65a30d", "#c026d3", "#ea580c",
            "#475569", "#14b8a6", "#fbbf24", "#818cf8", "#fb7185", "#38bdf8", "#a3e635", "#e879f9",
            "#fb923c", "#94a3b8", "#115e59", "#92400e",
        ],
    ),
    (
        "Data Matrix",
        [
            "#003f3f", "#005f5f", "#008080", "#00a0a0", "#00c0c0", "#00e0e0", "#1b5e20", "#2e7d32",
            "#43a047", "#66bb6a", "#9ccc65", "#d4e157", "#263238", "#37474f", "#546e7a", "#78909c",
            "#90a4ae", "#b0bec5", "#00695c", "#26a69a",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters_digits_spaces_dashes_and_underscores() {
        assert_eq!(organization_name(" Acme 2_0-x ").unwrap(), "Acme 2_0-x");
        for wrong in ["", "   ", "Acme!", "Ácme", "a\0b", "<b>", &"a".repeat(256)] {
            assert!(organization_name(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn preset_colours_are_colours() {
        for (name, colors) in PRESET_PALETTES {
            assert_eq!(palette_name(name).unwrap(), name);
            palette_colors(colors.map(str::to_owned).to_vec()).unwrap();
        }
    }

    #[test]
    fn colours_are_hexadecimal_and_nothing_else() {
        let with = |color: &str| palette_colors(vec![color.to_owned(); COLORS]);
        for right in ["#abc", "#A1b2C3", "#00000080"] {
            assert!(with(right).is_ok(), "{right}");
        }
        for wrong in [
            "", "#", "abc", "#ab", "#abcd", "#abcde", "#abcdefg", "#gggggg", "red", "#12345é",
            "url(x)", " #abc", "##abc",
        ] {
            assert!(with(wrong).is_err(), "{wrong:?}");
        }
        for count in [0, COLORS - 1, COLORS + 1] {
            assert!(palette_colors(vec!["#abc".to_owned(); count]).is_err());
        }
    }
}
