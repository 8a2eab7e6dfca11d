//! People in organisations. What has no route yet is written into the table directly, here and nowhere else.

use app::{
    domain::{
        access::{ProjectKind, ProjectRole},
        email::EmailAddress,
        group::Group,
        id::{GroupId, ProjectId},
        project::Project,
        user::User,
    },
    store::NewProject,
};
use serde_json::{Value, json};

use crate::{Actor, PASSWORD, TestApp};

impl Actor<'_> {
    /// A project of the actor's with these explores, by its id. Its warehouse is [`TestApp::warehouse`], and `more` stands in
    /// the connection beside. Needs the routes of projects and explores.
    pub async fn open_project(&self, name: &str, more: &Value, explores: &[Value]) -> String {
        let mut connection = json!({
            "type": "postgres", "host": "embedded", "port": 5432, "user": "", "password": "", "dbname": "postgres", "schema": "s",
        });
        for (field, value) in more.as_object().into_iter().flatten() {
            connection[field] = value.clone();
        }
        let body = json!({
            "name": name, "type": "DEFAULT", "dbtConnection": { "type": "none" }, "dbtVersion": "v1.9", "warehouseConnection": connection,
        });
        let made = self.post("/api/v1/org/projects").json(&body).await.ok();
        let project = made["project"]["projectUuid"].as_str().expect("an id");
        if !explores.is_empty() {
            let list = format!("/api/v1/projects/{project}/explores");
            self.put(&list).json(&json!(explores)).await.ok();
        }
        project.to_owned()
    }
}

impl TestApp {
    /// An admin of a new organisation that takes in verified addresses of their domain. Needs the routes of accounts
    /// and organisations.
    pub async fn admin(&self, email: &str, organization: &str) -> Actor<'_> {
        let admin = self.verified(email).await;
        let made = json!({ "name": organization });
        admin.put("/api/v1/org").json(&made).await.ok();
        let opened = json!({ "organizationName": organization, "enableEmailDomainAccess": true });
        admin
            .patch("/api/v1/user/me/complete")
            .json(&opened)
            .await
            .ok();
        admin
    }

    /// Somebody who has joined the organisation of their domain, as a viewer.
    pub async fn viewer(&self, email: &str) -> Actor<'_> {
        let viewer = self.verified(email).await;
        let found = viewer
            .get("/api/v1/user/me/allowedOrganizations")
            .await
            .ok();
        let organization = found[0]["organizationUuid"]
            .as_str()
            .expect("an organisation of the domain");
        let path = format!("/api/v1/user/me/joinOrganization/{organization}");
        viewer.post(&path).await.ok();
        viewer
    }

    /// Takes an account's access away, as no route does yet.
    pub fn deactivate(&self, email: &str) {
        self.set_of_user(email, "isActive", &json!({ "BOOL": false }));
    }

    /// Somebody who has joined the organisation of their domain, in a role (`member`, `viewer`, …, `admin`).
    pub async fn in_role(&self, email: &str, role: &str) -> Actor<'_> {
        let actor = self.viewer(email).await;
        self.set_role(email, role);
        actor
    }

    /// Gives a member another role.
    pub fn set_role(&self, email: &str, role: &str) {
        self.set_of_user(email, "role", &json!({ "S": role }));
        let user = self.user_item(email).1;
        let organization = user["organization"]["S"].as_str().expect("a member");
        let id = user["id"]["S"].as_str().expect("an id");
        let partition = format!("ORG#{organization}");
        let row = (partition.clone(), format!("MEMBER#{email}#{id}"));
        self.set_field(&row, "role", &json!({ "S": role }));
        let admin = json!({ "pk": { "S": partition }, "sk": { "S": format!("ADMIN#{id}") } });
        if role == "admin" {
            let mut item = admin;
            item["kind"] = json!({ "S": "admin" });
            item["user"] = json!({ "S": id });
            self.put_item(&item);
        }
    }

    /// Another session of somebody's. Needs the route of signing in.
    pub async fn sign_in(&self, email: &str) -> Actor<'_> {
        let actor = self.anonymous();
        let sent = json!({ "email": email, "password": PASSWORD });
        actor.post("/api/v1/login").json(&sent).await.ok();
        actor
    }

    /// The account of an address.
    pub async fn account(&self, email: &str) -> User {
        let email = EmailAddress::parse(email).expect("an address");
        let id = self.app.store.user_of_email(&email).await.expect("a table");
        let user = self.app.store.user(id.expect("an account")).await;
        user.expect("a table").expect("an account")
    }

    /// A project of somebody's organisation, made by them.
    pub async fn project(&self, creator: &str, name: &str) -> Project {
        let creator = self.account(creator).await;
        let now = self.app.clock.now();
        let project = Project::new(
            ProjectId::new(&self.app.random),
            creator.organization.expect("a member"),
            name.to_owned(),
            ProjectKind::Default,
            (creator.id, now),
        );
        let new = NewProject::bare(&project, creator.id);
        self.app.store.create_project(new).await.expect("a project");
        project
    }

    /// A group of somebody's organisation, made by them, with members by their addresses.
    pub async fn group(&self, creator: &str, name: &str, members: &[&str]) -> Group {
        let creator = self.account(creator).await;
        let now = self.app.clock.now();
        let group = Group {
            id: GroupId::new(&self.app.random),
            organization: creator.organization.expect("a member"),
            name: name.to_owned(),
            created_at: now,
            created_by: Some(creator.id),
            updated_at: now,
            updated_by: Some(creator.id),
            members: 0,
            deleted_at: None,
        };
        let store = &self.app.store;
        store
            .create_group(&group, creator.id)
            .await
            .expect("a group");
        for email in members {
            let user = self.account(email).await;
            store.add_to_group(&group, &user).await.expect("a member");
        }
        group
    }

    /// Gives somebody a role of their own in a project.
    pub async fn grant(&self, project: &Project, email: &str, role: ProjectRole) {
        let user = self.account(email).await;
        let store = &self.app.store;
        let granted = store.grant_project_to_user(project, user.id, role, None);
        granted.await.expect("a grant");
    }

    /// Gives a group a role in a project.
    pub async fn grant_group(&self, project: &Project, group: &Group, role: ProjectRole) {
        let granted = self
            .app
            .store
            .grant_project_to_group(project, group.id, role);
        granted.await.expect("a grant");
    }

    /// Gives an account two logins at a provider, `…/one` and `…/two`, as no route does yet.
    pub fn identify(&self, email: &str) {
        let one = |issuer: &str| {
            let text = |value: &str| json!({ "S": value });
            json!({ "M": {
                "issuerType": text("oidc"), "issuer": text(issuer), "subject": text("subject"),
                "email": text(email), "createdAt": text("2026-01-31T09:30:00.000Z"),
            } })
        };
        let identities = ["https://id.example/one", "https://id.example/two"];
        let list = identities.map(one);
        self.set_of_user(email, "identities", &json!({ "L": list }));
        for issuer in identities {
            self.put_item(&json!({
                "pk": { "S": format!("IDENTITY#{issuer}#subject") }, "sk": { "S": "CLAIM" }, "kind": { "S": "identity claim" },
            }));
        }
    }

    /// Puts an item into the table as it is.
    pub fn put_item(&self, item: &Value) {
        let request = json!({ "TableName": &*self.app.config.table, "Item": item });
        let request = serde_json::from_value(request).expect("a put");
        self.table.database().put_item(request).expect("an item");
    }

    fn user_item(&self, email: &str) -> ((String, String), Value) {
        self.items()
            .into_iter()
            .find(|(_, item)| item["kind"]["S"] == "user" && item["email"]["S"] == email)
            .expect("a user of this address")
    }

    /// Sets a field of a user's profile to a value as the table has it.
    fn set_of_user(&self, email: &str, field: &str, value: &Value) {
        let (key, _) = self.user_item(email);
        self.set_field(&key, field, value);
    }

    /// Sets a field of an item to a value as the table has it.
    fn set_field(&self, key: &(String, String), field: &str, value: &Value) {
        let request = json!({
            "TableName": &*self.app.config.table,
            "Key": { "pk": { "S": key.0 }, "sk": { "S": key.1 } },
            "UpdateExpression": "SET #field = :value",
            "ExpressionAttributeNames": { "#field": field },
            "ExpressionAttributeValues": { ":value": value },
        });
        let request = serde_json::from_value(request).expect("an update");
        self.table
            .database()
            .update_item(request)
            .expect("an update");
    }
}
