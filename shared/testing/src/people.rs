//! People in organisations. What has no route yet is written into the table directly, here and nowhere else.

use serde_json::{Value, json};

use crate::{Actor, TestApp};

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

    /// Makes a member an admin, as no route does yet.
    pub fn promote(&self, email: &str) {
        self.set_of_user(email, "role", &json!({ "S": "admin" }));
        let user = self.user_item(email).1;
        let organization = user["organization"]["S"].as_str().expect("a member");
        let id = user["id"]["S"].as_str().expect("an id");
        self.put_item(&json!({
            "pk": { "S": format!("ORG#{organization}") }, "sk": { "S": format!("ADMIN#{id}") },
            "kind": { "S": "admin" }, "user": { "S": id },
        }));
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
