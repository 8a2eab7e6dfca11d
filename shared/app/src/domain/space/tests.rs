use proptest::prelude::*;

use super::*;
use crate::domain::{
    access::{ProjectRole, Role},
    email::EmailAddress,
    id::OrganizationId,
    organization::Member,
    user::User,
};

fn now() -> Timestamp {
    Timestamp::from_millis(1_769_851_800_000)
}
const ROLES: [Role; 6] = [
    Role::Member,
    Role::Viewer,
    Role::InteractiveViewer,
    Role::Editor,
    Role::Developer,
    Role::Admin,
];
const PROJECT: [Option<ProjectRole>; 6] = [
    None,
    Some(ProjectRole::Viewer),
    Some(ProjectRole::InteractiveViewer),
    Some(ProjectRole::Editor),
    Some(ProjectRole::Developer),
    Some(ProjectRole::Admin),
];
const SPACE: [Option<SpaceRole>; 4] = [
    None,
    Some(SpaceRole::Viewer),
    Some(SpaceRole::Editor),
    Some(SpaceRole::Admin),
];

const NOBODY: Standing = Standing {
    organization: Role::Member,
    project: None,
    groups: None,
    space: None,
    space_groups: None,
};

/// Role, whether they were let in, and where what they inherit is from; in a public and in a private space.
fn shown(standing: Standing) -> [String; 2] {
    [false, true].map(|private| match standing.in_space(private) {
        None => "-".to_owned(),
        Some(found) => format!(
            "{:?}{} {:?} {:?} {:?}",
            found.role,
            if found.has_direct_access { "!" } else { "" },
            found.inherited_role,
            found.inherited_from,
            found.project_role
        ),
    })
}

#[test]
fn what_somebody_is_in_a_space() {
    use ProjectRole as P;
    use SpaceRole as S;
    let cases: [(&str, Standing, [&str; 2]); 17] = [
        ("a mere member", NOBODY, ["-", "-"]),
        (
            "a mere member who was let in",
            Standing {
                space: Some(S::Admin),
                ..NOBODY
            },
            ["-", "-"],
        ),
        (
            "a mere member whose group was let in",
            Standing {
                space_groups: Some(S::Editor),
                ..NOBODY
            },
            [
                "Editor! Editor SpaceGroup None",
                "Editor! Editor SpaceGroup None",
            ],
        ),
        (
            "a viewer",
            Standing {
                organization: Role::Viewer,
                ..NOBODY
            },
            ["Viewer Viewer Organization Some(Viewer)", "-"],
        ),
        (
            "an interactive viewer",
            Standing {
                organization: Role::InteractiveViewer,
                ..NOBODY
            },
            [
                "Viewer InteractiveViewer Organization Some(InteractiveViewer)",
                "-",
            ],
        ),
        (
            "an editor",
            Standing {
                organization: Role::Editor,
                ..NOBODY
            },
            ["Editor Editor Organization Some(Editor)", "-"],
        ),
        (
            "a developer",
            Standing {
                organization: Role::Developer,
                ..NOBODY
            },
            ["Editor Developer Organization Some(Developer)", "-"],
        ),
        (
            "an admin",
            Standing {
                organization: Role::Admin,
                ..NOBODY
            },
            ["Admin Admin Organization Some(Admin)"; 2],
        ),
        (
            "a member with a role in the project",
            Standing {
                project: Some(P::Editor),
                ..NOBODY
            },
            ["Editor Editor Project Some(Editor)", "-"],
        ),
        (
            "a member whose group has a role in the project",
            Standing {
                groups: Some(P::Developer),
                ..NOBODY
            },
            ["Editor Developer Group None", "-"],
        ),
        (
            "an admin by group",
            Standing {
                groups: Some(P::Admin),
                ..NOBODY
            },
            ["Admin Admin Group None"; 2],
        ),
        (
            "a lower role in the project takes nothing away",
            Standing {
                organization: Role::Developer,
                project: Some(P::Viewer),
                ..NOBODY
            },
            ["Editor Developer Organization Some(Developer)", "-"],
        ),
        (
            "of equal roles the later counts",
            Standing {
                organization: Role::Editor,
                project: Some(P::Editor),
                groups: Some(P::Editor),
                space_groups: Some(S::Editor),
                space: None,
            },
            ["Editor! Editor SpaceGroup Some(Editor)"; 2],
        ),
        (
            "an editor who was let in as viewer",
            Standing {
                organization: Role::Editor,
                space: Some(S::Viewer),
                ..NOBODY
            },
            ["Viewer! Editor Organization Some(Editor)"; 2],
        ),
        (
            "who was let in as viewer, and their group as editor",
            Standing {
                organization: Role::Viewer,
                space: Some(S::Viewer),
                space_groups: Some(S::Editor),
                ..NOBODY
            },
            ["Viewer! Editor SpaceGroup Some(Viewer)"; 2],
        ),
        (
            "an admin who was let in as viewer",
            Standing {
                organization: Role::Admin,
                space: Some(S::Viewer),
                ..NOBODY
            },
            ["Admin! Admin Organization Some(Admin)"; 2],
        ),
        (
            "a viewer who was let in as viewer, and their group as admin",
            Standing {
                organization: Role::Viewer,
                space: Some(S::Viewer),
                space_groups: Some(S::Admin),
                ..NOBODY
            },
            ["Admin! Admin SpaceGroup Some(Viewer)"; 2],
        ),
    ];
    for (who, standing, expected) in cases {
        assert_eq!(shown(standing), expected.map(str::to_owned), "{who}");
    }
}

fn standings() -> impl Strategy<Value = Standing> {
    (0..6usize, 0..6usize, 0..6usize, 0..4usize, 0..4usize).prop_map(|(o, p, g, s, sg)| Standing {
        organization: ROLES[o],
        project: PROJECT[p],
        groups: PROJECT[g],
        space: SPACE[s],
        space_groups: SPACE[sg],
    })
}

proptest! {
    #[test]
    fn closing_a_space_shuts_out_and_changes_nothing_else(standing in standings()) {
        let (open, closed) = (standing.in_space(false), standing.in_space(true));
        prop_assert!(closed.is_none() || closed == open);
        let let_in = standing.space.is_some() || standing.space_groups.is_some();
        let admin = open.is_some_and(|found| found.inherited_role == ProjectRole::Admin);
        prop_assert_eq!(closed.is_some(), open.is_some() && (let_in || admin));
    }

    #[test]
    fn an_admin_is_admin_and_else_ones_own_grant_counts(standing in standings(), private: bool) {
        if let Some(found) = standing.in_space(private) {
            let expected = match (found.inherited_role, standing.space, standing.space_groups) {
                (ProjectRole::Admin, ..) => SpaceRole::Admin,
                (_, Some(own), _) => own,
                (_, None, Some(group)) => group,
                (role, None, None) if role >= ProjectRole::Editor => SpaceRole::Editor,
                _ => SpaceRole::Viewer,
            };
            prop_assert_eq!(found.role, expected);
        }
    }

    #[test]
    fn being_let_in_alone_makes_nobody_appear(standing in standings(), private: bool) {
        let without = Standing { space: None, ..standing };
        let appears = standing.in_space(private).is_some();
        prop_assert!(!appears || without.in_space(false).is_some());
    }

    #[test]
    fn slugs_are_plain_and_paths_tell_the_slugs(names in proptest::collection::vec("\\PC{1,40}", 1..5)) {
        let random = Random::seeded(1);
        let mut above: Option<Space> = None;
        for name in names {
            let space = Space::new(ProjectId::new(&random), name, &random, now());
            let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
            prop_assert!(!space.slug.is_empty() && space.slug.bytes().all(plain), "{:?}", space.slug);
            prop_assert!(!space.slug.starts_with('-') && !space.slug.ends_with('-') && !space.slug.contains("--"));
            let space = match &above {
                Some(above) => space.inside(above).unwrap(),
                None => space,
            };
            let own = space.slug.replace('-', "_");
            prop_assert_eq!(space.path.split('.').next_back(), Some(own.as_str()));
            prop_assert_eq!(space.path.split('.').count(), above.as_ref().map_or(1, |above| above.path.split('.').count() + 1));
            let again = space.clone().under_another_slug(&space.slug, &random);
            prop_assert_eq!(again.path.rsplit_once('.').map(|at| at.0), space.path.rsplit_once('.').map(|at| at.0));
            prop_assert!(again.path.ends_with(&again.slug.replace('-', "_")));
            above = Some(space);
        }
    }
}

fn named(random: &Random, name: &str, parent: Option<&Space>) -> Space {
    let space = Space::new(ProjectId::new(random), name.into(), random, now());
    match parent {
        Some(parent) => space.inside(parent).unwrap(),
        None => space,
    }
}

#[test]
fn slugs_of_names() {
    let random = Random::seeded(1);
    let slug = |name: &str| slug_of(name, &random);
    assert_eq!(slug("Sales & Marketing"), "sales-marketing");
    assert_eq!(slug("  2024: Q1!  "), "2024-q1");
    assert_eq!(slug("Übersicht"), "bersicht");
    let random_slug = slug("日本");
    assert!(
        random_slug.len() == 5 && random_slug != slug("日本"),
        "{random_slug}"
    );
    let shared = Space::shared(ProjectId::new(&random), &random, now());
    assert_eq!((shared.slug.as_str(), shared.is_private), ("shared", false));
    let taken = named(&random, "My Sales", None).under_another_slug("my-sales", &random);
    assert_eq!((taken.slug.len(), &taken.slug[..9]), (19, "my-sales-"));
    assert_eq!(taken.path, taken.slug.replace('-', "_"));
}

#[test]
fn names_have_1_to_255_characters() {
    assert_eq!(space_name(" Sales/EU <b> ").unwrap(), "Sales/EU <b>");
    assert!(space_name(&"é".repeat(255)).is_ok());
    for wrong in ["", "  ", "a\nb", "a\u{0}", &"a".repeat(256)] {
        assert!(space_name(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn a_tree_knows_roots_children_and_what_lies_below() {
    let random = Random::seeded(1);
    let root = named(&random, "Root", None);
    let (b, a) = (
        named(&random, "B", Some(&root)),
        named(&random, "A", Some(&root)),
    );
    let leaf = named(&random, "Leaf", Some(&a));
    let other = named(&random, "Other", None);
    let all = [&leaf, &b, &other, &root, &a];
    let tree: SpaceTree = all.into_iter().cloned().collect();
    let names = |spaces: Vec<&Space>| {
        spaces
            .iter()
            .map(|space| space.name.clone())
            .collect::<Vec<_>>()
    };

    assert_eq!(names(tree.by_path()), ["Other", "Root", "A", "Leaf", "B"]);
    assert_eq!(names(tree.children_of(root.id)), ["A", "B"]);
    assert_eq!(names(tree.breadcrumbs(&leaf)), ["Root", "A", "Leaf"]);
    assert_eq!(leaf.path, "root.a.leaf");
    assert_eq!(tree.root_of(&leaf).id, root.id);
    assert_eq!(tree.root_of(&other).id, other.id);
    let below = names(tree.subtree(root.id));
    assert_eq!(
        (below.len(), below.first(), below.last()),
        (4, Some(&"Leaf".into()), Some(&"Root".into()))
    );
    assert_eq!(names(tree.subtree(other.id)), ["Other"]);
}

#[test]
fn a_broken_tree_stays_closed_and_ends() {
    let random = Random::seeded(1);
    let root = named(&random, "Root", None);
    let (mut a, mut b) = (
        named(&random, "A", Some(&root)),
        named(&random, "B", Some(&root)),
    );
    let orphan: SpaceTree = [a.clone()].into_iter().collect();
    assert!(orphan.root_of(&a).is_private);
    (a.parent, b.parent) = (Some(b.id), Some(a.id));
    let circle: SpaceTree = [a.clone(), b.clone()].into_iter().collect();
    assert!(circle.root_of(&a).is_private);
    assert_eq!(circle.subtree(a.id).len(), 2);
}

#[test]
fn spaces_cannot_be_nested_without_end() {
    let random = Random::seeded(1);
    let mut space = named(&random, &"a".repeat(255), None);
    let mut depth = 1;
    while let Ok(below) = named(&random, &"a".repeat(255), None).inside(&space) {
        space = below;
        depth += 1;
    }
    assert_eq!((depth, space.path.len() <= LONGEST_PATH), (22, true));
}

#[test]
fn a_thousand_of_a_kind_fit_in() {
    let random = Random::seeded(1);
    let mut space = named(&random, "Space", None);
    for _ in 0..MOST_GRANTS {
        space.users.insert(UserId::new(&random), SpaceRole::Viewer);
        space
            .groups
            .insert(GroupId::new(&random), SpaceRole::Viewer);
    }
    let (user, group) = (UserId::new(&random), GroupId::new(&random));
    assert!(space.admits(Guest::User(user)).is_err());
    assert!(space.admits(Guest::Group(group)).is_err());
    let known = *space.users.keys().next().unwrap();
    space.admits(Guest::User(known)).unwrap();
    space.users.remove(&known);
    space.admits(Guest::User(user)).unwrap();
    assert_eq!(space.role_of(Guest::User(known)), None);
}

fn member(random: &Random, at: usize) -> Member {
    let email = EmailAddress::parse(&format!("u{at:05}@example.com")).unwrap();
    let mut user = User::new(UserId::new(random), email, "U".into(), String::new(), now());
    user.organization = Some(OrganizationId::new(random));
    user.role = Some(Role::Viewer);
    Member::of(&user)
}

#[test]
fn where_too_many_have_access_the_nearest_are_told() {
    let random = Random::seeded(1);
    let group = GroupId::new(&random);
    let mut root = named(&random, "Root", None);
    root.is_private = false;
    let mut people: Vec<_> = (0..MOST_SHOWN + 3).map(|at| member(&random, at)).collect();
    root.users
        .insert(people[MOST_SHOWN + 2].user, SpaceRole::Editor);
    root.groups.insert(group, SpaceRole::Admin);
    let told = |root: &Space, people: &[Member]| {
        let mut list = AccessList::new(root, BTreeMap::new(), BTreeMap::new());
        people.iter().for_each(|member| list.add(member));
        list.finish()
    };

    assert_eq!(told(&root, &people[3..]).len(), MOST_SHOWN);
    assert_eq!(told(&root, &people).len(), 1);
    people[0].groups.insert(group);
    let some = told(&root, &people);
    assert_eq!(some.len(), 2);
    assert!(some.iter().all(|entry| entry.has_direct_access));
    // So large a group is told by its name.
    for member in &mut people {
        member.groups.insert(group);
    }
    let one = told(&root, &people);
    assert_eq!((one.len(), one[0].role), (1, SpaceRole::Admin));
}

#[test]
fn somebody_in_several_groups_is_one_entry_with_the_strongest_role() {
    let random = Random::seeded(1);
    let mut root = named(&random, "Root", None);
    let mut ana = member(&random, 1);
    let groups: Vec<_> = (0..3).map(|_| GroupId::new(&random)).collect();
    ana.groups.extend(&groups);
    root.groups.insert(groups[0], SpaceRole::Viewer);
    root.groups.insert(groups[1], SpaceRole::Editor);
    let roles = BTreeMap::from([
        (groups[1], ProjectRole::Viewer),
        (groups[2], ProjectRole::Developer),
    ]);
    let mut list = AccessList::new(&root, BTreeMap::new(), roles);
    list.add(&ana);
    insta::assert_json_snapshot!(list.finish(), @r#"
    [
      {
        "userUuid": "54743dc5-e24d-4a41-bb15-9584c1226df6",
        "firstName": "U",
        "lastName": "",
        "email": "u00001@example.com",
        "role": "editor",
        "hasDirectAccess": true,
        "inheritedRole": "developer",
        "inheritedFrom": "group",
        "projectRole": "viewer"
      }
    ]
    "#);
}

#[test]
fn what_lies_in_a_space_moves_with_it() {
    let random = Random::seeded(1);
    let project = ProjectId::new(&random);
    let root = |name: &str| Space::new(project, name.into(), &random, now());
    let (a, b) = (root("A 1"), root("B"));
    // The last part of its path stays, whatever its slug.
    let c = Space {
        slug: "a-1-c".into(),
        ..root("C").inside(&a).unwrap()
    };
    let d = root("D").inside(&c).unwrap();
    let tree: SpaceTree = [&a, &b, &c, &d].into_iter().cloned().collect();
    let paths = |space, target| -> Vec<String> {
        let moved = tree.moved_paths(space, target).unwrap().into_iter();
        moved.map(|(_, path)| path).collect()
    };
    assert_eq!(paths(&a, Some(&b)), ["b.a_1", "b.a_1.c", "b.a_1.c.d"]);
    assert_eq!(paths(&c, None), ["c", "c.d"]);
    // What lies in it may have another path than its slug says.
    let odd = Space {
        path: "a_1.c.odd".to_owned(),
        ..d.clone()
    };
    let with_odd: SpaceTree = [&a, &b, &c, &odd].into_iter().cloned().collect();
    let moved = with_odd.moved_paths(&c, None).unwrap().into_iter();
    let moved: Vec<_> = moved.map(|(_, path)| path).collect();
    assert_eq!(moved, ["c", "c.odd"]);
    assert_eq!((a.step(), odd.step()), ("a_1", "odd"));
    for target in [&a, &c, &d] {
        assert!(tree.may_lie_in(&a, Some(target)).is_err());
    }
    assert!(tree.may_lie_in(&a, Some(&b)).is_ok() && tree.may_lie_in(&d, None).is_ok());
    let deep = Space {
        path: "x".repeat(LONGEST_PATH),
        ..b.clone()
    };
    assert!(tree.moved_paths(&c, Some(&deep)).is_err());
}
