//! Keys of an organisation and of its groups.

use super::{Key, key, text};
use crate::domain::{
    email::EmailAddress,
    id::{AttributeId, GroupId, OrganizationId, PaletteId, ProjectId, SpaceId, UserId},
};

/// The partition of an organisation.
pub fn organization_partition(organization: OrganizationId) -> String {
    format!("ORG#{organization}")
}

/// An organisation.
pub fn organization(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "PROFILE")
}

/// How many of what an organisation has.
pub fn counts(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "COUNTS")
}

/// The domains whose people may join an organisation.
pub fn allowed_domains(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "DOMAINS")
}

/// What an organisation has been through.
pub fn onboarding(organization: OrganizationId) -> Key {
    key(organization_partition(organization), "ONBOARDING")
}

/// Prefix of an organisation's colour palettes.
pub const PALETTES: &str = "PALETTE#";

/// A colour palette.
pub fn palette(organization: OrganizationId, palette: PaletteId) -> Key {
    key(
        organization_partition(organization),
        format!("{PALETTES}{palette}"),
    )
}

/// Prefix of the rows of a member list, which stand in the order of the addresses.
pub const MEMBERS: &str = "MEMBER#";

/// The row of a member list.
pub fn member(organization: OrganizationId, email: &EmailAddress, user: UserId) -> Key {
    key(
        organization_partition(organization),
        format!("{MEMBERS}{}#{user}", text(email.as_str())),
    )
}

/// Prefix of an organisation's admins.
pub const ADMINS: &str = "ADMIN#";

/// An active admin; the last-admin rule is a condition here.
pub fn admin(organization: OrganizationId, user: UserId) -> Key {
    key(
        organization_partition(organization),
        format!("{ADMINS}{user}"),
    )
}

/// Prefix of an organisation's open invitations.
pub const INVITATIONS: &str = "INVITE#";

/// The open invitation of a user; one at a time.
pub fn invitation(organization: OrganizationId, user: UserId) -> Key {
    key(
        organization_partition(organization),
        format!("{INVITATIONS}{user}"),
    )
}

/// Prefix of an organisation's user attributes.
pub const ATTRIBUTES: &str = "ATTRIBUTE#";

/// A user attribute with its values.
pub fn attribute(organization: OrganizationId, attribute: AttributeId) -> Key {
    key(
        organization_partition(organization),
        format!("{ATTRIBUTES}{attribute}"),
    )
}

/// The claim on the name of a user attribute.
pub fn attribute_name(organization: OrganizationId, name: &str) -> Key {
    key(
        organization_partition(organization),
        format!("ATTRIBUTENAME#{}", text(name)),
    )
}

/// Prefix of the rows of a group list.
pub const GROUPS: &str = "GROUP#";

/// The row of a group list.
pub fn group_row(organization: OrganizationId, group: GroupId) -> Key {
    key(
        organization_partition(organization),
        format!("{GROUPS}{group}"),
    )
}

/// The claim on the name of a group.
pub fn group_name(organization: OrganizationId, name: &str) -> Key {
    key(
        organization_partition(organization),
        format!("GROUPNAME#{}", text(name)),
    )
}

/// Prefix of the rows of a project list, and of what somebody or a group has roles in.
pub const PROJECTS: &str = "PROJECT#";

/// The row of a project list.
pub fn project_row(organization: OrganizationId, project: ProjectId) -> Key {
    key(
        organization_partition(organization),
        format!("{PROJECTS}{project}"),
    )
}

/// An SSH key pair of an organisation, by the fingerprint of its public key.
pub fn ssh_key(organization: OrganizationId, fingerprint: &str) -> Key {
    key(
        organization_partition(organization),
        format!("SSHKEY#{}", text(fingerprint)),
    )
}

/// The partition of a group.
pub fn group_partition(group: GroupId) -> String {
    format!("GROUP#{group}")
}

/// A group's head.
pub fn group(group: GroupId) -> Key {
    key(group_partition(group), "HEAD")
}

/// A member of a group.
pub fn group_member(group: GroupId, user: UserId) -> Key {
    key(group_partition(group), format!("{MEMBERS}{user}"))
}

/// A project that a group has a role in: the mirror of [`super::project_group`], written with it.
pub fn group_project(group: GroupId, project: ProjectId) -> Key {
    key(group_partition(group), format!("{PROJECTS}{project}"))
}

/// Prefix of spaces: those of a project, and those that somebody or a group was let into.
pub const SPACES: &str = "SPACE#";

/// A space that a group was let into: the mirror of the entry in the space, written with it.
pub fn group_space(group: GroupId, project: ProjectId, space: SpaceId) -> Key {
    key(group_partition(group), format!("{SPACES}{project}#{space}"))
}

/// A share link, by its code.
pub fn share_link(code: &str) -> Key {
    key(format!("SHARE#{}", text(code)), "SHARE")
}

/// Where the index has the share links of an organisation.
pub fn late_share_link(organization: OrganizationId, code: &str) -> (String, String) {
    (format!("SHARES#{organization}"), text(code))
}

/// The partition of the organisations that a domain may join.
pub fn domain_partition(domain: &str) -> String {
    format!("DOMAIN#{}", text(domain))
}

/// One organisation that a domain may join.
pub fn domain(domain: &str, organization: OrganizationId) -> Key {
    key(domain_partition(domain), format!("ORG#{organization}"))
}
