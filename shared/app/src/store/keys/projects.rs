//! Keys of a project: of its explores, of who may enter it, and of what is done in it.

use super::{Key, MEMBERS, SPACES, key, text};
use crate::domain::{
    explore_set::ContentHash,
    id::{CompileJobId, ContentId, DeployId, GroupId, ProjectId, QueryId, SpaceId, UserId, WorkId},
};

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

/// That somebody prefers one of their warehouse logins for a project: the mirror of [`super::preference`], written with it.
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

/// The host key of the SSH server that a connection of a project goes through.
pub fn host_key(project: ProjectId, connection: &str) -> Key {
    key(
        project_partition(project),
        format!("HOSTKEY#{}", text(connection)),
    )
}

/// The tables of a project's warehouse as a login sees them.
pub fn catalogue(project: ProjectId, login: &str) -> Key {
    key(format!("CACHE#{project}#{}", text(login)), "CATALOGUE")
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
