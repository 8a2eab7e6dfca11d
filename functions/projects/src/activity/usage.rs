//! The people of a project, and what they did.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use app::{
    App, InProject, Result,
    domain::{
        access::Role,
        activity::Activity,
        content::ContentKind,
        id::{ContentId, UserId},
        organization::Member,
    },
};
use saved::Contents;

use super::{FIRST, UserMostViewedDashboard, UserWithCount};

/// The people of a project, and what they did.
pub(super) struct Usage {
    /// Those who get into it, with their role there.
    pub(super) people: BTreeMap<UserId, (Member, Role)>,
    pub(super) did: Vec<Activity>,
}

impl Usage {
    /// Reads the members of the organisation, the roles in the project and what was noted.
    pub(super) async fn read(app: &App, project: &InProject) -> Result<Self> {
        let (store, id) = (&app.store, project.id());
        let ((members, _), own, groups, did) = tokio::try_join!(
            store.members(project.organization(), None, None),
            store.project_members(id),
            store.project_groups(id),
            store.activity(id, app.clock.now()),
        )?;
        let own: BTreeMap<_, _> = own.into_iter().collect();
        let groups: BTreeMap<_, _> = groups.into_iter().collect();
        let role = |member: &Member| {
            let groups = member.groups.iter().filter_map(|group| groups.get(group));
            let roles = own.get(&member.user).into_iter().chain(groups);
            let roles = roles.map(|role| Role::from(*role)).chain(member.role);
            roles.max().filter(|role| *role > Role::Member)
        };
        let inside = members.into_iter().filter_map(|member| {
            let role = role(&member).filter(|_| member.is_active && !member.is_pending)?;
            Some((member.user, (member, role)))
        });
        Ok(Self {
            people: inside.collect(),
            did,
        })
    }

    pub(super) fn in_role(&self, roles: &[Role]) -> usize {
        let people = self.people.values();
        people.filter(|(_, role)| roles.contains(role)).count()
    }

    fn user(&self, id: UserId, count: Option<u64>) -> Option<UserWithCount> {
        let (member, _) = self.people.get(&id)?;
        Some(UserWithCount {
            user_uuid: id,
            first_name: member.first_name.clone(),
            last_name: member.last_name.clone(),
            count,
        })
    }

    /// Who is first, the most first; those who are gone are left out.
    pub(super) fn first(&self, counts: &BTreeMap<UserId, u64>) -> Vec<UserWithCount> {
        let counts = counts.iter().filter(|(_, count)| **count > 0);
        let users = counts.filter_map(|(id, count)| self.user(*id, Some(*count)));
        let mut users: Vec<_> = users.collect();
        users.sort_by_key(|user| Reverse(user.count));
        users.truncate(FIRST);
        users
    }

    /// How many queries each ran.
    pub(super) fn queries(&self) -> BTreeMap<UserId, u64> {
        let mut queries: BTreeMap<UserId, u64> = BTreeMap::new();
        for one in &self.did {
            *queries.entry(one.user).or_default() += one.queries;
        }
        queries
    }

    /// Those who asked nothing, by name.
    pub(super) fn idle(&self, queries: &BTreeMap<UserId, u64>) -> Vec<UserWithCount> {
        let asked = |id: &UserId| queries.get(id).is_some_and(|count| *count > 0);
        let idle = self.people.keys().filter(|id| !asked(id));
        let mut idle: Vec<_> = idle.filter_map(|id| self.user(*id, None)).collect();
        idle.sort_by(|a, b| {
            (&a.first_name, &a.last_name, a.user_uuid).cmp(&(
                &b.first_name,
                &b.last_name,
                b.user_uuid,
            ))
        });
        idle.truncate(FIRST);
        idle
    }

    /// How many asked something, and how much, in a week.
    pub(super) fn in_week(&self, week: &str) -> (usize, u64) {
        let week = self.did.iter().filter(|one| one.week == week);
        let week = week.filter(|one| one.queries > 0 && self.people.contains_key(&one.user));
        week.fold((0, 0), |(people, queries), one| {
            (people + 1, queries + one.queries)
        })
    }

    /// How many asked something since an instant.
    pub(super) fn since(&self, instant: app::Timestamp) -> usize {
        let lately = |one: &&Activity| one.last_query_at.is_some_and(|at| at > instant);
        let users = self.did.iter().filter(lately).map(|one| one.user);
        let users: BTreeSet<_> = users.collect();
        let inside = users.iter().filter(|id| self.people.contains_key(*id));
        inside.count()
    }

    /// The dashboard that each opened most, the most opened first.
    pub(super) fn favourites(&self, contents: &Contents<'_>) -> Vec<UserMostViewedDashboard> {
        let mut opened: BTreeMap<(UserId, ContentId), u64> = BTreeMap::new();
        for one in &self.did {
            if let Some(dashboard) = one.dashboard {
                *opened.entry((one.user, dashboard)).or_default() += one.dashboard_views;
            }
        }
        let mut opened: Vec<_> = opened.into_iter().collect();
        opened.sort_by_key(|(_, count)| Reverse(*count));
        let mut seen = BTreeSet::new();
        let first = opened.into_iter().filter_map(|((user, dashboard), count)| {
            let head = contents.index.get(ContentKind::Dashboard, dashboard)?;
            let user = self.user(user, Some(count))?;
            seen.insert(user.user_uuid)
                .then(|| UserMostViewedDashboard {
                    user,
                    dashboard_name: head.name.clone(),
                })
        });
        first.take(FIRST).collect()
    }
}
