use proptest::prelude::*;

use super::*;
use crate::random::Random;

const ROLES: [Role; 6] = [
    Role::Member,
    Role::Viewer,
    Role::InteractiveViewer,
    Role::Editor,
    Role::Developer,
    Role::Admin,
];
const PROJECT_ROLES: [ProjectRole; 5] = [
    ProjectRole::Viewer,
    ProjectRole::InteractiveViewer,
    ProjectRole::Editor,
    ProjectRole::Developer,
    ProjectRole::Admin,
];
const SPACE_ROLES: [Option<SpaceRole>; 4] = [
    None,
    Some(SpaceRole::Viewer),
    Some(SpaceRole::Editor),
    Some(SpaceRole::Admin),
];
const ACTIONS: [Action; 6] = [
    Action::View,
    Action::Create,
    Action::Update,
    Action::Delete,
    Action::Manage,
    Action::Promote,
];

struct Ids {
    users: Vec<UserId>,
    organizations: Vec<OrganizationId>,
    projects: Vec<ProjectId>,
}

fn ids() -> Ids {
    let random = Random::seeded(1);
    Ids {
        users: (0..2).map(|_| UserId::new(&random)).collect(),
        organizations: (0..2).map(|_| OrganizationId::new(&random)).collect(),
        projects: (0..3).map(|_| ProjectId::new(&random)).collect(),
    }
}

fn abilities(role: Role, projects: &[(usize, ProjectRole)]) -> Abilities {
    let ids = ids();
    Abilities {
        user: ids.users[0],
        organization: ids.organizations[0],
        role,
        projects: projects
            .iter()
            .map(|(at, role)| (ids.projects[*at], *role))
            .collect(),
        tokens: true,
    }
}

#[test]
fn a_stronger_role_has_every_rule_of_a_weaker_one() {
    for pair in ROLES.windows(2) {
        let [weaker, stronger] = [pair[0], pair[1]].map(|role| abilities(role, &[]).rules());
        assert!(
            weaker.iter().all(|rule| stronger.contains(rule)) && weaker.len() < stronger.len(),
            "{pair:?}"
        );
    }
}

#[test]
fn rules_by_role() {
    let mut table = format!("{:70} {:6} {:5}\n", "", "MVIEDA", "VIEDA");
    for Row(subject, action, when, least, whose) in TABLE {
        let marks = |roles: &[Role], on: bool| -> String {
            let mark = |role| if on && role >= least { '●' } else { '–' };
            roles.iter().map(mark).collect()
        };
        table += &format!(
            "{:26} {:8} {:34} {} {}\n",
            format!("{subject:?}"),
            format!("{action:?}"),
            format!("{when:?}"),
            marks(&ROLES, *whose != For::Project),
            marks(&ROLES[1..], *whose != For::Organization),
        );
    }
    insta::assert_snapshot!(table);
}

/// Whether a rule allows something to an object as a client knows it, in the words of reference 03 §3.1: every field
/// named in the condition equals the object's, and a missing field is no match.
fn allows(rule: &AbilityRule, action: Action, subject: Subject, object: &Value) -> bool {
    let matches = |(name, wanted): (&String, &Value)| {
        let found = object.get(name);
        if let Some(values) = wanted.get("$in").and_then(Value::as_array) {
            return found.is_some_and(|found| values.contains(found));
        }
        if let Some(element) = wanted.get("$elemMatch").and_then(Value::as_object) {
            let elements = found.and_then(Value::as_array);
            return elements.into_iter().flatten().any(|one| {
                element
                    .iter()
                    .all(|(name, value)| one.get(name) == Some(value))
            });
        }
        found == Some(wanted)
    };
    rule.subject == subject
        && (rule.action == action || rule.action == Action::Manage)
        && rule.conditions.iter().all(matches)
}

fn as_clients_know_it(object: &Object, me: UserId) -> Value {
    let mut known = json!({ "organizationUuid": object.organization });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            known[name] = value;
        }
    };
    put("projectUuid", object.project.map(|id| json!(id)));
    put("type", object.kind.map(|kind| json!(kind)));
    put("upstreamProjectUuid", object.upstream.map(|id| json!(id)));
    put("createdByUserUuid", object.created_by.map(|id| json!(id)));
    put("userUuid", object.owner.map(|id| json!(id)));
    if let Some((private, role)) = object.space {
        put("isPrivate", Some(json!(private)));
        let entries = role.map(|role| json!({ "userUuid": me, "role": role }));
        put("access", Some(entries.into_iter().collect()));
    }
    known
}

fn subjects() -> Vec<Subject> {
    let mut subjects: Vec<_> = TABLE.iter().map(|Row(subject, ..)| *subject).collect();
    subjects.push(Subject::PersonalAccessToken);
    subjects
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// The server and its clients decide alike: the rules that clients get say the same as the checks.
    #[test]
    fn checks_and_rules_agree(
        role in prop::sample::select(ROLES.to_vec()),
        projects in prop::collection::vec((0..3_usize, prop::sample::select(PROJECT_ROLES.to_vec())), 0..4),
        action in prop::sample::select(ACTIONS.to_vec()),
        subject in prop::sample::select(subjects()),
        project in prop::option::of(0..3_usize),
        kind in prop::option::of(prop::sample::select(vec![ProjectKind::Default, ProjectKind::Preview])),
        upstream in prop::option::of(0..3_usize),
        created_by in prop::option::of(0..2_usize),
        owner in prop::option::of(0..2_usize),
        space in prop::option::of((any::<bool>(), prop::sample::select(SPACE_ROLES.to_vec()))),
    ) {
        let ids = ids();
        let abilities = abilities(role, &projects);
        let object = Object {
            organization: ids.organizations[0],
            project: project.map(|at| ids.projects[at]),
            kind,
            upstream: upstream.map(|at| ids.projects[at]),
            created_by: created_by.map(|at| ids.users[at]),
            owner: owner.map(|at| ids.users[at]),
            space,
        };
        let known = as_clients_know_it(&object, abilities.user);
        let by_rules = abilities.rules().iter().any(|rule| allows(rule, action, subject, &known));
        prop_assert_eq!(abilities.may(action, subject, &object), by_rules);
        let elsewhere = Object { organization: ids.organizations[1], ..object };
        prop_assert!(!abilities.may(action, subject, &elsewhere));
    }

    /// A lower role in a project never takes anything away.
    #[test]
    fn rights_only_add_up(
        role in prop::sample::select(ROLES.to_vec()),
        more in prop::sample::select(PROJECT_ROLES.to_vec()),
        action in prop::sample::select(ACTIONS.to_vec()),
        subject in prop::sample::select(subjects()),
    ) {
        let object = Object { project: Some(ids().projects[0]), ..Object::of(ids().organizations[0]) };
        let (alone, both) = (abilities(role, &[]), abilities(role, &[(0, more)]));
        prop_assert!(!alone.may(action, subject, &object) || both.may(action, subject, &object));
    }
}

#[test]
fn a_member_gets_into_one_project_by_a_role_there() {
    let abilities = abilities(Role::Member, &[(0, ProjectRole::Editor)]);
    let ids = ids();
    let object = |at: usize| Object {
        project: Some(ids.projects[at]),
        ..Object::of(ids.organizations[0])
    };
    assert!(abilities.may(Action::View, Subject::Project, &object(0)));
    assert!(!abilities.may(Action::View, Subject::Project, &object(1)));
    assert!(!abilities.may(Action::Update, Subject::Project, &object(0)));
}
