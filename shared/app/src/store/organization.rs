//! Organisations, and how people come into them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Store, keys, page::read, write::Write};
use crate::{
    Error, Result,
    clock::Timestamp,
    domain::{
        access::Role,
        allowed_domains::AllowedDomains,
        id::{OrganizationId, ProjectId},
        organization::{Counts, Onboarding, Organization, OrganizationChange, Palette},
        project::Project,
        session::{Session, SessionToken},
        user::User,
    },
    error::Kind,
};

#[derive(Serialize, Deserialize)]
struct DomainOrganization {
    organization: OrganizationId,
}

/// A session that takes the place of another one.
pub struct Rotation<'a> {
    /// The one that ends, where the caller came with a session.
    pub old: Option<&'a SessionToken>,
    /// The one that begins, where the caller came with a session.
    pub new: Option<(&'a SessionToken, &'a Session)>,
}

impl Rotation<'_> {
    fn writes(&self) -> impl Iterator<Item = Write> {
        let old = self.old.map(Store::end_session_write);
        old.into_iter().chain(
            self.new
                .map(|(token, session)| Store::session_write(token, session)),
        )
    }
}

/// Only if the record is still this one.
fn when_same(write: Write, record: &AllowedDomains) -> Write {
    let write = write
        .when_equal("emailDomains", &record.email_domains)
        .when_equal("role", record.role);
    if record.projects.is_empty() {
        write.when_missing("projects")
    } else {
        write.when_equal("projects", &record.projects)
    }
}

impl Store {
    /// An organisation and its counts.
    pub async fn organization(&self, id: OrganizationId) -> Result<Option<(Organization, Counts)>> {
        let mut items = self
            .get_many(&[keys::organization(id), keys::counts(id)])
            .await?
            .into_iter();
        let organization: Option<Organization> = items.next().flatten().map(read).transpose()?;
        let organization = organization.filter(|found| found.deleted_at.is_none());
        let counts: Option<Counts> = items.next().flatten().map(read).transpose()?;
        Ok(organization.map(|organization| (organization, counts.unwrap_or_default())))
    }

    /// The palette that charts take their colours from, if one was chosen.
    pub async fn active_palette(&self, organization: &Organization) -> Result<Option<Palette>> {
        match organization.palette {
            Some(palette) => self.get(&keys::palette(organization.id, palette)).await,
            None => Ok(None),
        }
    }

    /// Changes an organisation; what it is to point at has to be its own. No change writes nothing.
    ///
    /// # Errors
    /// `NotFound` when the project, the palette or the organisation itself is not there, or the project is another's.
    pub async fn update_organization(
        &self,
        id: OrganizationId,
        change: &OrganizationChange,
    ) -> Result<()> {
        if *change == OrganizationChange::default() {
            return Ok(());
        }
        let mut head = Write::update(keys::organization(id)).when_live();
        let mut checks = Vec::new();
        if let Some(name) = &change.name {
            head = head.set("name", name);
        }
        if let Some(project) = change.default_project {
            head = head.set("defaultProject", project);
            let own = Write::check(keys::project(project)).when_equal("organization", id);
            checks.push(own.when_live().or(Error::NotFound(Kind::Project)));
        }
        if let Some(palette) = change.palette {
            head = head.set("palette", palette);
            let there = Write::check(keys::palette(id, palette)).when_present();
            checks.push(there.or(Error::NotFound(Kind::Palette)));
        }
        checks.push(head.or(Error::NotFound(Kind::Organization)));
        self.apply(checks).await
    }

    /// Whether the organisation of a user is there, if they have one: with it deleted, everybody in it is.
    pub(super) async fn stands(&self, user: &User) -> Result<bool> {
        let Some(id) = user.organization else {
            return Ok(true);
        };
        let found: Option<Organization> = self.get(&keys::organization(id)).await?;
        Ok(found.is_some_and(|found| found.deleted_at.is_none()))
    }

    /// The write that makes a user a member; only of somebody who has no organisation yet, and whose address is this.
    fn membership_write(user: &User) -> Write {
        Write::update(keys::user(user.id))
            .set("organization", user.organization)
            .set("role", user.role)
            .when_live()
            .when_missing("organization")
            .when_equal("email", &user.email)
            .or(Error::Forbidden("You already belong to an organization"))
    }

    /// A new organisation with its palettes; `admin` (already with the organisation and the role) becomes its first
    /// member, and their session is replaced. One transaction. `alone`: only if there is no other organisation.
    ///
    /// # Errors
    /// `Forbidden` when the caller has an organisation already, or when there must not be a second one.
    pub async fn create_organization(
        &self,
        made: &Organization,
        palettes: &[Palette],
        admin: &User,
        alone: bool,
        rotation: Rotation<'_>,
    ) -> Result<()> {
        let id = made.id;
        let mut writes = vec![
            Self::membership_write(admin),
            Self::count_organization(alone),
            Write::put(keys::organization(id), "organization", made),
            Write::put(
                keys::counts(id),
                "counts",
                &Counts {
                    members: 1,
                    projects: 0,
                },
            ),
            Self::member_write(id, admin),
            Self::admin_write(id, admin.id),
        ];
        writes.extend(
            palettes
                .iter()
                .map(|palette| Write::put(keys::palette(id, palette.id), "palette", palette)),
        );
        writes.extend(rotation.writes());
        self.apply(writes).await
    }

    /// Who may join an organisation by the domain of their address.
    pub async fn allowed_domains(
        &self,
        organization: OrganizationId,
    ) -> Result<Option<AllowedDomains>> {
        self.get(&keys::allowed_domains(organization)).await
    }

    /// Puts a record in the place of the one that was read, with the rows by which its domains are found.
    ///
    /// # Errors
    /// `Changed` when there is another one by now; `NotFound` when the organisation is being deleted.
    pub async fn put_allowed_domains(
        &self,
        organization: OrganizationId,
        domains: &AllowedDomains,
        before: Option<&AllowedDomains>,
    ) -> Result<()> {
        let mut writes = Self::domains_writes(organization, domains, before);
        writes.push(Self::organization_stays(organization));
        self.apply(writes).await
    }

    fn domains_writes(
        organization: OrganizationId,
        domains: &AllowedDomains,
        before: Option<&AllowedDomains>,
    ) -> Vec<Write> {
        let key = keys::allowed_domains(organization);
        let put = Write::put(key, "allowed domains", domains);
        let put = match before {
            Some(before) => when_same(put, before),
            None => put.when_absent(),
        };
        let known = before.map(|before| before.email_domains.as_slice());
        let (known, listed) = (known.unwrap_or_default(), &domains.email_domains);
        let row = DomainOrganization { organization };
        let gone = known.iter().filter(|name| !listed.contains(name));
        let new = listed.iter().filter(|name| !known.contains(name));
        std::iter::once(put.or(Error::Changed(Kind::Domain)))
            .chain(gone.map(|name| Write::delete(keys::domain(name, organization))))
            .chain(new.map(|name| Write::put(keys::domain(name, organization), "domain", &row)))
            .collect()
    }

    /// Which of these are projects of the organisation, and not being deleted.
    pub async fn live_projects_of(
        &self,
        organization: OrganizationId,
        ids: impl IntoIterator<Item = ProjectId>,
    ) -> Result<BTreeSet<ProjectId>> {
        let keys: Vec<_> = ids.into_iter().map(keys::project).collect();
        let mut found = BTreeSet::new();
        for item in self.get_many(&keys).await?.into_iter().flatten() {
            let project: Project = read(item)?;
            if project.organization == organization && project.deleted_at.is_none() {
                found.insert(project.id);
            }
        }
        Ok(found)
    }

    /// Whether any organisation takes in people of this domain.
    pub async fn is_domain_allowed(&self, domain: &str) -> Result<bool> {
        Ok(!self
            .all::<DomainOrganization>(&keys::domain_partition(domain), "ORG#")
            .await?
            .is_empty())
    }

    /// The organisations that take in people of this domain, by name. Two requests: the second needs the first.
    pub async fn organizations_of_domain(
        &self,
        domain: &str,
    ) -> Result<Vec<(Organization, Counts)>> {
        let ids: Vec<DomainOrganization> =
            self.all(&keys::domain_partition(domain), "ORG#").await?;
        let wanted = ids.iter().flat_map(|row| {
            [
                keys::organization(row.organization),
                keys::counts(row.organization),
            ]
        });
        let items = self.get_many(&wanted.collect::<Vec<_>>()).await?;
        let mut found = Vec::new();
        for pair in items.chunks(2) {
            if let [Some(organization), counts] = pair {
                let counts: Option<Counts> = counts.clone().map(read).transpose()?;
                let organization: Organization = read(organization.clone())?;
                if organization.deleted_at.is_none() {
                    found.push((organization, counts.unwrap_or_default()));
                }
            }
        }
        found.sort_by(|(a, _), (b, _)| (&a.name, a.id).cmp(&(&b.name, b.id)));
        Ok(found)
    }

    /// Takes a user in (already with the organisation and the role) because of their address's domain, and replaces
    /// their session. A mere member gets the roles in projects that the record lists, where those are still there. One
    /// read and one transaction.
    ///
    /// # Errors
    /// `Forbidden` when they have an organisation already, or when the domain is not allowed any more; `Changed(Domain)`
    /// when the record is another one by now, `NotExists(Project)` when a project went meanwhile.
    pub async fn join_organization(
        &self,
        user: &User,
        organization: OrganizationId,
        allowed: &AllowedDomains,
        rotation: Rotation<'_>,
    ) -> Result<()> {
        let closed = || Error::Forbidden("This organization does not take in your e-mail domain");
        let mut writes = vec![
            Self::membership_write(user),
            Write::check(keys::domain(user.email.domain(), organization))
                .when_present()
                .or(closed()),
            when_same(Write::check(keys::allowed_domains(organization)), allowed)
                .or(Error::Changed(Kind::Domain)),
            Write::check(keys::organization(organization))
                .when_live()
                .or(closed()),
            Self::member_write(organization, user),
            Self::counts_write(organization, "members", 1),
        ];
        if allowed.role == Role::Member {
            let listed = allowed.projects.iter().map(|one| one.project);
            let there = self.live_projects_of(organization, listed).await?;
            for one in &allowed.projects {
                if there.contains(&one.project) {
                    let (project, role) = (one.project, one.role);
                    writes.push(Self::project_stays(project));
                    writes.extend(Self::grants_user(project, organization, user.id, role));
                }
            }
        }
        writes.extend(rotation.writes());
        self.apply(writes).await
    }

    /// Ends a user's setup in one transaction: their profile, the organisation's new name, and the one domain that it
    /// takes people in from.
    ///
    /// # Errors
    /// `Changed` when the user or the allowed domains changed meanwhile; `NotFound` when the organisation is gone.
    pub async fn complete_setup(
        &self,
        user: &User,
        organization: OrganizationId,
        name: Option<&str>,
        domain: Option<(&AllowedDomains, Option<&AllowedDomains>)>,
    ) -> Result<()> {
        let profile = Write::update(keys::user(user.id))
            .set("isSetupComplete", true)
            .set("isMarketingOptedIn", user.is_marketing_opted_in)
            .set("isTrackingAnonymized", user.is_tracking_anonymized)
            .set("updatedAt", user.updated_at)
            .when_live()
            .when_equal("organization", organization)
            .when_equal("role", user.role);
        let profile = profile.when_equal("email", &user.email);
        let mut writes = vec![profile.or(Error::Changed(Kind::User))];
        writes.extend(Self::member_changed(user));
        if let Some(name) = name {
            let rename = Write::update(keys::organization(organization))
                .set("name", name)
                .when_live();
            writes.push(rename.or(Error::NotFound(Kind::Organization)));
        }
        if let Some((domains, before)) = domain {
            if name.is_none() {
                writes.push(Self::organization_stays(organization));
            }
            writes.extend(Self::domains_writes(organization, domains, before));
        }
        self.apply(writes).await
    }

    /// What an organisation has been through.
    pub async fn onboarding(&self, organization: OrganizationId) -> Result<Onboarding> {
        Ok(self
            .get(&keys::onboarding(organization))
            .await?
            .unwrap_or_default())
    }

    /// Notes that the success screen was shown.
    ///
    /// # Errors
    /// `NotExists` the second time.
    pub async fn show_onboarding_success(
        &self,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<()> {
        let write = Write::update(keys::onboarding(organization))
            .set("kind", "onboarding")
            .set("shownSuccessAt", now);
        self.apply([write
            .when_missing("shownSuccessAt")
            .or(Error::NotExists(Kind::Onboarding))])
            .await
    }
}
