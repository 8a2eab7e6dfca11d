//! Every key of the table, built from typed parts. Nothing else makes one.

use crate::{
    clock::Timestamp,
    domain::{
        content::ContentKind,
        email::EmailAddress,
        explore_set::ContentHash,
        id::{
            AttributeId, CommentId, CompileJobId, ContentId, CredentialsId, DeployId, GroupId,
            JobId, NotificationId, OrganizationId, PaletteId, ProjectId, QueryId, SpaceId, TokenId,
            UserId, WorkId,
        },
        limit::Counter,
        secret::sha256_hex,
    },
};

/// Longest free text in a key, in bytes; longer text is replaced by its hash.
const LONGEST_TEXT: usize = 200;

/// Where an item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub pk: String,
    pub sk: String,
}

fn key(pk: impl Into<String>, sk: impl Into<String>) -> Key {
    Key {
        pk: pk.into(),
        sk: sk.into(),
    }
}

/// Free text as part of a key: `#`, `%` and `~` are encoded, so that different parts never give one key.
fn text(part: &str) -> String {
    let encoded = part
        .replace('%', "%25")
        .replace('#', "%23")
        .replace('~', "%7E");
    if encoded.len() > LONGEST_TEXT {
        format!("~{}", sha256_hex(part))
    } else {
        encoded
    }
}

/// The installation: how many organisations there are.
pub fn instance() -> Key {
    key("INSTANCE", "ORGANISATION")
}

/// The installation's sealed keys.
pub fn instance_keys() -> Key {
    key("INSTANCE", "KEYS")
}

/// A user's profile.
pub fn user(user: UserId) -> Key {
    key(format!("USER#{user}"), "PROFILE")
}

/// The claim on an address.
pub fn email(email: &EmailAddress) -> Key {
    key(format!("EMAIL#{}", text(email.as_str())), "CLAIM")
}

/// The claim on a login at a provider.
pub fn identity(issuer: &str, subject: &str) -> Key {
    key(
        format!("IDENTITY#{}#{}", text(issuer), text(subject)),
        "CLAIM",
    )
}

/// The partition of what a user signs in with.
pub fn login_partition(user: UserId) -> String {
    format!("LOGIN#{user}")
}

/// A user's password hash.
pub fn password(user: UserId) -> Key {
    key(login_partition(user), "PASSWORD")
}

/// A user's current passcode.
pub fn otp(user: UserId) -> Key {
    key(login_partition(user), "OTP")
}

/// Prefix of a user's tokens.
pub const TOKENS: &str = "TOKEN#";

/// A user's token, as its owner sees it.
pub fn token(user: UserId, token: TokenId) -> Key {
    key(login_partition(user), format!("{TOKENS}{token}"))
}

/// Prefix of a user's warehouse logins.
pub const CREDENTIALS: &str = "CREDENTIAL#";

/// One of a user's warehouse logins.
pub fn credentials(user: UserId, credentials: CredentialsId) -> Key {
    key(login_partition(user), format!("{CREDENTIALS}{credentials}"))
}

/// Prefix of the projects for which a user prefers one of their warehouse logins.
pub const PREFERENCES: &str = "PREFERENCE#";

/// Which of their warehouse logins a user prefers for a project.
pub fn preference(user: UserId, project: ProjectId) -> Key {
    key(login_partition(user), format!("{PREFERENCES}{project}"))
}

/// A session, by the hash of its token.
pub fn session(hash: &str) -> Key {
    key(format!("SESSION#{hash}"), "SESSION")
}

/// Who a token belongs to, by the hash of its secret.
pub fn token_owner(hash: &str) -> Key {
    key(format!("TOKEN#{hash}"), "TOKEN")
}

/// A mailed link, by the hash of its code.
pub fn link(hash: &str) -> Key {
    key(format!("LINK#{hash}"), "LINK")
}

/// What an invitation's link leads to, by the hash of its code.
pub fn invitation_link(hash: &str) -> Key {
    key(format!("LINK#{hash}"), "INVITATION")
}

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

/// A project that a group has a role in: the mirror of [`project_group`], written with it.
pub fn group_project(group: GroupId, project: ProjectId) -> Key {
    key(group_partition(group), format!("{PROJECTS}{project}"))
}

/// Prefix of spaces: those of a project, and those that somebody or a group was let into.
pub const SPACES: &str = "SPACE#";

/// A space that a group was let into: the mirror of the entry in the space, written with it.
pub fn group_space(group: GroupId, project: ProjectId, space: SpaceId) -> Key {
    key(group_partition(group), format!("{SPACES}{project}#{space}"))
}

/// The partition of what somebody was granted.
pub fn grants_partition(user: UserId) -> String {
    format!("GRANTS#{user}")
}

/// A project that somebody has a role in: the mirror of [`project_member`], written with it.
pub fn granted_project(user: UserId, project: ProjectId) -> Key {
    key(grants_partition(user), format!("{PROJECTS}{project}"))
}

/// A space that somebody was let into: the mirror of the entry in the space, written with it.
pub fn granted_space(user: UserId, project: ProjectId, space: SpaceId) -> Key {
    key(grants_partition(user), format!("{SPACES}{project}#{space}"))
}

/// The partition of what names somebody as its author.
pub fn owned_partition(user: UserId) -> String {
    format!("OWNED#{user}")
}

/// A group that names somebody as its author.
pub fn owned_group(user: UserId, group: GroupId) -> Key {
    key(owned_partition(user), format!("{GROUPS}{group}"))
}

/// A project that names somebody as its author.
pub fn owned_project(user: UserId, project: ProjectId) -> Key {
    key(owned_partition(user), format!("{PROJECTS}{project}"))
}

/// The partition of a project.
pub fn project_partition(project: ProjectId) -> String {
    format!("PROJECT#{project}")
}

/// A project's head.
pub fn project(project: ProjectId) -> Key {
    key(project_partition(project), "PROFILE")
}

/// A project's sealed warehouse connection.
pub fn warehouse(project: ProjectId) -> Key {
    key(project_partition(project), "WAREHOUSE")
}

/// A project's sealed dbt connection.
pub fn dbt(project: ProjectId) -> Key {
    key(project_partition(project), "DBT")
}

/// Which explores a project offers.
pub fn table_selection(project: ProjectId) -> Key {
    key(project_partition(project), "TABLES")
}

/// Where a project's explores are: the pointer to the set that counts.
pub fn explores(project: ProjectId) -> Key {
    key(project_partition(project), "EXPLORES")
}

/// Prefix of the sets of explores that a project keeps.
pub const EXPLORE_SETS: &str = "EXPLORESET#";

/// A set of explores, by its number: in order, the last one last.
pub fn explore_set(project: ProjectId, number: u64) -> Key {
    key(
        project_partition(project),
        format!("{EXPLORE_SETS}{number:012}"),
    )
}

/// A part of a list of explores, by what is in it.
pub fn explore_shard(project: ProjectId, content: &ContentHash) -> Key {
    key(format!("SHARD#{project}#{content}"), "SHARD")
}

/// An explore, by what is in it.
pub fn explore_body(project: ProjectId, content: &ContentHash) -> Key {
    key(format!("BODY#{project}#{content}"), "BODY")
}

/// Prefix of the further parts of an explore.
pub const PARTS: &str = "PART#";

/// A further part of an explore that one item does not hold.
pub fn explore_part(project: ProjectId, content: &ContentHash, part: usize) -> Key {
    let body = explore_body(project, content);
    key(body.pk, format!("{PARTS}{part:04}"))
}

/// A deploy that comes in batches.
pub fn deploy(deploy: DeployId) -> Key {
    key(format!("DEPLOY#{deploy}"), "HEAD")
}

/// Prefix of the batches of a deploy.
pub const BATCHES: &str = "BATCH#";

/// A batch of a deploy, by its number.
pub fn deploy_batch(deploy: DeployId, number: u32) -> Key {
    key(self::deploy(deploy).pk, format!("{BATCHES}{number:010}"))
}

/// Where the index has what belongs to a project's explores and is in partitions of its own.
pub fn late_explores(project: ProjectId) -> String {
    format!("EXPLORES#{project}")
}

/// Where the index has one of these.
pub fn late_explore(project: ProjectId, key: &Key) -> (String, String) {
    (late_explores(project), format!("{}#{}", key.pk, key.sk))
}

/// A project's sealed connection to a semantic layer.
pub fn semantic_layer(project: ProjectId) -> Key {
    key(project_partition(project), "SEMANTIC")
}

/// A project's tags, all of them.
pub fn tags(project: ProjectId) -> Key {
    key(project_partition(project), "TAGS")
}

/// Prefix of those who prefer one of their warehouse logins for a project.
pub const PREFERRERS: &str = "PREFERRER#";

/// That somebody prefers one of their warehouse logins for a project: the mirror of [`preference`], written with it.
pub fn preferrer(project: ProjectId, user: UserId) -> Key {
    key(project_partition(project), format!("{PREFERRERS}{user}"))
}

/// Prefix of a project's compilations.
pub const COMPILATIONS: &str = "COMPILE#";

/// A compilation of a project: where the project's end is told to.
pub fn compilation(project: ProjectId, job: CompileJobId) -> Key {
    key(project_partition(project), format!("{COMPILATIONS}{job}"))
}

/// A compilation by its id alone.
pub fn compile_job(job: CompileJobId) -> Key {
    key(format!("COMPILE#{job}"), "JOB")
}

/// A question to a warehouse.
pub fn query(query: QueryId) -> Key {
    key(format!("QUERY#{query}"), "QUERY")
}

/// Rows that answer every query of one key in a project.
pub fn cached_rows(project: ProjectId, cache_key: &str) -> Key {
    key(format!("CACHE#{project}#{}", text(cache_key)), "CACHE")
}

/// Somebody's own role in a project.
pub fn project_member(project: ProjectId, user: UserId) -> Key {
    key(project_partition(project), format!("{MEMBERS}{user}"))
}

/// Prefix of the previews of a project.
pub const PREVIEWS: &str = "PREVIEW#";

/// A preview of a project: where the project's end is told to.
pub fn preview(upstream: ProjectId, preview: ProjectId) -> Key {
    key(project_partition(upstream), format!("{PREVIEWS}{preview}"))
}

/// Prefix of the groups' roles in a project.
pub const ACCESSES: &str = "ACCESS#";

/// A group's role in a project.
pub fn project_group(project: ProjectId, group: GroupId) -> Key {
    key(project_partition(project), format!("{ACCESSES}{group}"))
}

/// A space, with who was let into it.
pub fn space(project: ProjectId, space: SpaceId) -> Key {
    key(project_partition(project), format!("{SPACES}{space}"))
}

/// The claim on a slug; `kind` is what it is of, as `space`.
pub fn slug(project: ProjectId, kind: &'static str, slug: &str) -> Key {
    key(
        project_partition(project),
        format!("SLUG#{kind}#{}", text(slug)),
    )
}

/// The claim on a path: on its last step, among what lies in one space or among the roots. What lies in a space keeps its claim
/// when that is moved.
pub fn space_path(project: ProjectId, parent: Option<SpaceId>, step: &str) -> Key {
    let parent = parent.map_or_else(|| "ROOT".to_owned(), |parent| parent.to_string());
    key(
        project_partition(project),
        format!("SPACEPATH#{parent}#{}", text(step)),
    )
}

/// Prefix of the parts of the index of a project's content.
pub const CONTENT: &str = "CONTENT#";

/// A part of the index of a project's content.
pub fn content_shard(project: ProjectId, shard: usize) -> Key {
    key(project_partition(project), format!("{CONTENT}{shard:02}"))
}

/// What is pinned in a project.
pub fn pins(project: ProjectId) -> Key {
    key(project_partition(project), "PINS")
}

/// How the metrics list of a project is shown.
pub fn spotlight(project: ProjectId) -> Key {
    key(project_partition(project), "SPOTLIGHT")
}

/// What a project's last validation found, and what of it was dismissed.
pub fn validation(project: ProjectId) -> Key {
    key(project_partition(project), "VALIDATION")
}

/// A further piece of what a validation found, where one item does not hold it.
pub fn validation_piece(project: ProjectId, run: WorkId, piece: usize) -> Key {
    let head = validation(project);
    key(head.pk, format!("{}#{run}#{piece:04}", head.sk))
}

/// The partition of a chart, a dashboard or an SQL chart.
pub fn content_partition(what: ContentKind, id: ContentId) -> String {
    match what {
        ContentKind::Chart => format!("CHART#{id}"),
        ContentKind::Dashboard => format!("DASHBOARD#{id}"),
        ContentKind::SqlChart => format!("SQLCHART#{id}"),
    }
}

/// The head of a chart, a dashboard or an SQL chart.
pub fn content(what: ContentKind, id: ContentId) -> Key {
    key(content_partition(what, id), "HEAD")
}

/// Prefix of versions.
pub const VERSIONS: &str = "VERSION#";

/// A version, by its number: in order, the last one last.
pub fn version(what: ContentKind, id: ContentId, number: u32) -> Key {
    key(
        content_partition(what, id),
        format!("{VERSIONS}{number:010}"),
    )
}

/// Prefix of the comments on a dashboard.
pub const COMMENTS: &str = "COMMENT#";

/// A comment on a dashboard.
pub fn comment(dashboard: ContentId, comment: CommentId) -> Key {
    key(
        content_partition(ContentKind::Dashboard, dashboard),
        format!("{COMMENTS}{comment}"),
    )
}

/// How often something was opened; in a partition of its own, as it is written at every opening.
pub fn views(what: ContentKind, id: ContentId) -> Key {
    key(format!("VIEWS#{}", content_partition(what, id)), "COUNT")
}

/// A piece of work that somebody polls.
pub fn work(work: WorkId) -> Key {
    key(format!("WORK#{work}"), "WORK")
}

/// Prefix of the work that somebody polls in a project.
pub const WORKS: &str = "WORK#";

/// That a project has a piece of work: where the project's end is told to.
pub fn work_of(project: ProjectId, work: WorkId) -> Key {
    key(project_partition(project), format!("{WORKS}{work}"))
}

/// Prefix of the pieces of what is kept beside a piece of work.
pub const PIECES: &str = "PIECE#";

/// A piece of what is kept beside a piece of work, as long as that.
pub fn work_piece(work: WorkId, piece: usize) -> Key {
    let head = self::work(work);
    key(head.pk, format!("{PIECES}{piece:04}"))
}

/// The partition of what people did in a project.
pub fn activity_partition(project: ProjectId) -> String {
    format!("ACTIVITY#{project}")
}

/// What somebody did in a project in a week, which is named by its first day.
pub fn activity(project: ProjectId, week: &str, user: UserId) -> Key {
    key(
        activity_partition(project),
        format!("{}#{user}", text(week)),
    )
}

/// How often somebody opened a dashboard of a project in a week.
pub fn dashboard_activity(
    project: ProjectId,
    week: &str,
    user: UserId,
    dashboard: ContentId,
) -> Key {
    key(
        activity_partition(project),
        format!("{}#{user}#{dashboard}", text(week)),
    )
}

/// The partition of somebody's notifications.
pub fn inbox_partition(user: UserId) -> String {
    format!("INBOX#{user}")
}

/// A notification.
pub fn notification(user: UserId, notification: NotificationId) -> Key {
    key(inbox_partition(user), format!("NOTE#{notification}"))
}

/// A share link, by its code.
pub fn share_link(code: &str) -> Key {
    key(format!("SHARE#{}", text(code)), "SHARE")
}

/// Where the index has the share links of an organisation.
pub fn late_share_link(organization: OrganizationId, code: &str) -> (String, String) {
    (format!("SHARES#{organization}"), text(code))
}

/// A piece of work.
pub fn job(job: JobId) -> Key {
    key(format!("JOB#{job}"), "JOB")
}

/// Where the index has the work that is not done.
pub const LATE_JOBS: &str = "JOBS";

/// Where the index has one piece of work, in the order in which they are due.
pub fn late_job(job: JobId, due: Timestamp) -> (String, String) {
    (LATE_JOBS.to_owned(), format!("{due}#{job}"))
}

/// The partition of the organisations that a domain may join.
pub fn domain_partition(domain: &str) -> String {
    format!("DOMAIN#{}", text(domain))
}

/// One organisation that a domain may join.
pub fn domain(domain: &str, organization: OrganizationId) -> Key {
    key(domain_partition(domain), format!("ORG#{organization}"))
}

/// A limit's counter.
pub fn limit(counter: &Counter) -> Key {
    key(
        format!(
            "LIMIT#{}#{}#{}",
            counter.action,
            text(&counter.subject),
            counter.start.seconds()
        ),
        "COUNT",
    )
}

/// What a repeated request is answered with.
pub fn idempotency(user: UserId, (kind, client_key): (&'static str, &str)) -> Key {
    key(
        format!("IDEMPOTENCY#{user}#{kind}#{}", text(client_key)),
        "CLAIM",
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::Random;

    #[test]
    fn every_key() {
        let random = Random::seeded(1);
        let (user_id, org) = (UserId::new(&random), OrganizationId::new(&random));
        let (group_id, project_id) = (GroupId::new(&random), ProjectId::new(&random));
        let space_id = SpaceId::new(&random);
        let address = EmailAddress::parse("ana@example.com").unwrap();
        let at = Timestamp::from_millis(600_000);
        let counter = Counter {
            action: "LOGIN_PAIR",
            subject: "ana@example.com 192.0.2.1".into(),
            start: at,
            ends: at,
            most: 1,
        };
        let keys = [
            instance(),
            instance_keys(),
            user(user_id),
            email(&address),
            identity("https://id.example", "a#b"),
            password(user_id),
            otp(user_id),
            token(user_id, TokenId::new(&random)),
            credentials(user_id, CredentialsId::new(&random)),
            session("5e55"),
            token_owner("70ce"),
            link("114c"),
            invitation_link("114c"),
            organization(org),
            counts(org),
            allowed_domains(org),
            onboarding(org),
            palette(org, PaletteId::new(&random)),
            member(org, &address, user_id),
            admin(org, user_id),
            invitation(org, user_id),
            attribute(org, AttributeId::new(&random)),
            attribute_name(org, "region"),
            group_row(org, group_id),
            group_name(org, "Sales #1"),
            project_row(org, project_id),
            ssh_key(org, "SHA256:abc"),
            group(group_id),
            group_member(group_id, user_id),
            group_project(group_id, project_id),
            group_space(group_id, project_id, space_id),
            granted_project(user_id, project_id),
            granted_space(user_id, project_id, space_id),
            owned_group(user_id, group_id),
            owned_project(user_id, project_id),
            project(project_id),
            warehouse(project_id),
            dbt(project_id),
            table_selection(project_id),
            explores(project_id),
            explore_set(project_id, 12),
            explore_shard(project_id, &ContentHash::of(b"")),
            explore_body(project_id, &ContentHash::of(b"")),
            explore_part(project_id, &ContentHash::of(b""), 1),
            deploy(DeployId::new(&Random::seeded(2))),
            deploy_batch(DeployId::new(&Random::seeded(2)), 7),
            semantic_layer(project_id),
            tags(project_id),
            project_member(project_id, user_id),
            project_group(project_id, group_id),
            preview(project_id, ProjectId::new(&random)),
            space(project_id, space_id),
            slug(project_id, "space", "sales"),
            space_path(project_id, None, "sales"),
            space_path(project_id, Some(space_id), "q_1"),
            notification(user_id, NotificationId::new(&random)),
            share_link("V1StGXR8_Z5jdHi6B-myT"),
            job(JobId::new(&random)),
            domain("example.com", org),
            limit(&counter),
            idempotency(user_id, ("token", "retry 1")),
            preference(user_id, project_id),
            preferrer(project_id, user_id),
            compilation(project_id, CompileJobId::new(&random)),
            compile_job(CompileJobId::new(&random)),
            query(QueryId::new(&random)),
            cached_rows(project_id, "5e55"),
            content_shard(project_id, 3),
            pins(project_id),
            spotlight(project_id),
            validation(project_id),
            content(ContentKind::Chart, ContentId::new(&random)),
            content(ContentKind::SqlChart, ContentId::new(&random)),
            version(ContentKind::Dashboard, ContentId::new(&random), 42),
            comment(ContentId::new(&random), CommentId::new(&random)),
            views(ContentKind::Chart, ContentId::new(&random)),
            work(WorkId::new(&random)),
            work_of(project_id, WorkId::first_of(project_id)),
            activity(project_id, "2026-01-05", user_id),
            dashboard_activity(project_id, "2026-01-05", user_id, ContentId::new(&random)),
            validation_piece(project_id, WorkId::new(&Random::seeded(2)), 1),
            work_piece(WorkId::new(&Random::seeded(2)), 1),
        ];
        let table: String = keys
            .iter()
            .map(|key| format!("{} | {}\n", key.pk, key.sk))
            .collect();
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn different_texts_give_different_keys(a in "\\PC{0,300}", b in "\\PC{0,300}", c in "\\PC{0,30}", d in "\\PC{0,30}") {
            prop_assert_eq!(a == b, text(&a) == text(&b));
            prop_assert_eq!((&a, &c) == (&b, &d), identity(&a, &c) == identity(&b, &d));
        }

        #[test]
        fn no_key_is_longer_than_a_thousand_bytes(a in "\\PC{0,2000}", b in "\\PC{0,2000}") {
            prop_assert!(identity(&a, &b).pk.len() <= 1000 && domain_partition(&a).len() <= 1000);
        }
    }
}
