//! Uploading a chart (reference 22 §2).

mod destination;

use app::{
    App, Error, InProject, Kind, Result,
    domain::{
        access::Action,
        content::{
            ChartBody, Content, ContentKind, DashboardBody, Shown, content_description,
            content_name,
        },
        packed::Packed,
        slug::valid_slug,
    },
    store::{Edit, NewSpaces},
};

use super::{
    Options, TRIES, UploadParams, allow_sql,
    chart::{ChartAsCode, ChartDocument, document},
    fresh, lost,
    places::{ChangedPlaces, changed},
    same, same_slug,
    space::SpacePath,
};
use crate::{
    chart::ChartDefinition,
    contents::Contents,
    promote::changes::{
        Act, Beside, ChangedChart, ChangedDashboard, Changes, PromotedChart, PromotedDashboard,
        authors, spaces_to,
    },
};

use destination::Destination;

/// A document that was read.
struct Upload<'a> {
    app: &'a App,
    project: &'a InProject,
    slug: &'a str,
    name: String,
    description: Option<String>,
    body: ChartBody,
    shown: Shown,
    path: SpacePath,
    dashboard: Option<String>,
    options: Options,
}

/// What is to be done.
struct Plan {
    action: Act,
    head: Content,
    edits: Vec<Edit>,
    destination: Option<Destination>,
    /// The document of what is there, for a dry run.
    before: Option<ChartAsCode>,
}

/// Makes a chart, or changes the one of this slug to what the document says, or leaves it if it says the same. A space and a
/// dashboard that are missing are made in the same transaction. A dry run tells where the chart's document would be changed.
///
/// # Errors
/// `Invalid` for a document against the rules; `Forbidden`, `CustomSql` for what the caller may not do; `NotFound` for a chart or
/// a dashboard of this slug that they may not see, and for a space that is missing and may not be made; `Changed` when others
/// were always first.
pub async fn upload(
    app: &App,
    project: &InProject,
    slug: &str,
    sent: ChartDocument,
    params: &UploadParams,
) -> Result<Changes> {
    let slug = same_slug(slug, &sent.slug)?;
    let dashboard = sent.dashboard_slug.filter(|slug| !slug.is_empty());
    if let Some(slug) = &dashboard {
        valid_slug(slug)?;
    }
    let definition = ChartDefinition {
        table_name: sent.table_name,
        metric_query: sent.metric_query,
        chart_config: sent.chart_config,
        table_config: sent.table_config,
        pivot_config: sent.pivot_config,
        rest: sent.rest,
    };
    let (body, shown) = definition.read()?;
    let upload = Upload {
        app,
        project,
        slug,
        name: content_name(&sent.name)?,
        description: content_description(sent.description.as_deref())?,
        body,
        shown,
        path: SpacePath::parse(&sent.space_slug)?,
        dashboard,
        options: params.with(sent.skip_space_create, sent.public_space_create, sent.force),
    };
    for _ in 1..TRIES {
        match upload.attempt().await {
            Err(error) if lost(&error) => {}
            done => return done,
        }
    }
    upload.attempt().await
}

impl Upload<'_> {
    async fn attempt(&self) -> Result<Changes> {
        let (app, project) = (self.app, self.project);
        let (mut contents, palette) = tokio::try_join!(
            Contents::read(app, project),
            app.store.active_colors(project.organization()),
        )?;
        let found = contents.index.by_slug(ContentKind::Chart, self.slug);
        let plan = match found.cloned() {
            Some(row) if contents.may(Action::View, &row) => {
                self.change(&mut contents, row).await?
            }
            Some(_) => {
                // Slugs can be guessed. Whatever is refused where nothing has this one is refused in the same words.
                self.create(&mut contents)?;
                return Err(Error::NotFound(Kind::Chart));
            }
            None => self.create(&mut contents)?,
        };
        let new = plan.destination.as_ref().and_then(|to| to.target.as_ref());
        if !self.options.dry_run && !plan.edits.is_empty() {
            let spaces = NewSpaces {
                spaces: new.map(|target| target.new.as_slice()).unwrap_or_default(),
                above: new.and_then(|target| target.above.as_ref()),
                organization: project.organization(),
                creator: project.user.id,
            };
            let times = (app.config.deleted_content, app.clock.now());
            app.store
                .edit_content_in(project.id(), &plan.edits, &spaces, times)
                .await?;
        }
        for edit in &plan.edits {
            contents.index.put(edit.result());
        }
        self.told(&contents, plan, &palette).await
    }

    /// What a document without a chart makes.
    fn create(&self, contents: &mut Contents<'_>) -> Result<Plan> {
        allow_sql(self.project, &self.body.metric_query)?;
        let mut destination = self.destination(contents)?;
        let head = Content {
            name: self.name.clone(),
            description: self.description.clone(),
            shown: self.shown.clone(),
            ..fresh(self.app, self.project, ContentKind::Chart, self.slug)
        };
        let head = destination.hold(head);
        let mut edits = vec![Edit::create(head, Packed::pack_version(&self.body)?)];
        edits.extend(destination.placeholder.take());
        Plan::new(Act::Create, edits, Some(destination))
    }

    /// What a document makes of the chart that is there.
    async fn change(&self, contents: &mut Contents<'_>, row: Content) -> Result<Plan> {
        contents.require(Action::Update, &row)?;
        let version = self.app.store.latest(&row).await?;
        let stored: ChartBody = version.body.unpack_json()?;
        let before = match self.options.dry_run {
            true => {
                let now = self.app.clock.now();
                Some(document(contents, &row, stored.clone(), now)?)
            }
            false => None,
        };
        let is_new = self.options.force || !same(&stored, &self.body)?;
        let mut destination = match self.moves(contents, &row)? {
            true => Some(self.destination(contents)?),
            false => None,
        };
        let mut head = Content {
            name: self.name.clone(),
            description: self.description.clone(),
            ..row.clone()
        };
        if let Some(destination) = &destination {
            head = destination.hold(head);
            if head.dashboard.is_some() && head.dashboard != row.dashboard {
                // Whoever saves the dashboard before it has a tile for the chart does not delete it.
                head.updated_at = self.app.clock.now();
            }
        }
        let edit = if is_new {
            allow_sql(self.project, &self.body.metric_query)?;
            head.updated_at = self.app.clock.now();
            head.updated_by = Some(self.project.user.id);
            head.shown = self.shown.clone();
            Edit::version(&row, head, Packed::pack_version(&self.body)?)
        } else if head == row {
            return Ok(Plan {
                action: Act::NoChanges,
                head: row,
                edits: Vec::new(),
                destination: None,
                before,
            });
        } else {
            Edit::change(&row, head)
        };
        let placeholder = destination.as_mut().and_then(|to| to.placeholder.take());
        let edits = std::iter::once(edit).chain(placeholder).collect();
        let plan = Plan::new(Act::Update, edits, destination)?;
        Ok(Plan { before, ..plan })
    }

    /// Where the document of what is there is changed; of something new, nowhere.
    fn difference(&self, contents: &Contents<'_>, plan: &Plan) -> Result<Option<ChangedPlaces>> {
        let Some(before) = &plan.before else {
            return Ok(self.options.dry_run.then(ChangedPlaces::default));
        };
        let now = self.app.clock.now();
        let after = document(contents, &plan.head, self.body.clone(), now)?;
        changed(before, &after).map(Some)
    }

    /// What was done, as clients see it.
    async fn told(
        &self,
        contents: &Contents<'_>,
        plan: Plan,
        palette: &[String],
    ) -> Result<Changes> {
        let head = &plan.head;
        let names = authors(self.app, &self.project.user, &[head]).await?;
        let beside = Beside {
            contents,
            names: &names,
            palette,
        };
        let space = contents
            .space_of(head)
            .ok_or(Error::NotFound(Kind::Chart))?;
        let target = plan.destination.as_ref().and_then(|to| to.target.as_ref());
        let new = target.map(|target| target.new.as_slice());
        let mut dashboards = Vec::new();
        for edit in &plan.edits {
            if edit.new.what == ContentKind::Dashboard {
                let (made, body) = (edit.result(), DashboardBody::default());
                dashboards.push(ChangedDashboard {
                    action: Act::Create,
                    data: PromotedDashboard::read(self.app, contents, &made, body).await?,
                    difference: None,
                    missing_charts: None,
                });
            }
        }
        Ok(Changes {
            spaces: spaces_to(contents, space.id, new.unwrap_or_default())?,
            dashboards,
            charts: vec![ChangedChart {
                action: plan.action,
                data: PromotedChart::new(beside, head, self.body.clone(), head.id)?,
                difference: self.difference(contents, &plan)?,
            }],
        })
    }
}

impl Plan {
    /// Edits of which the first is the chart's.
    fn new(action: Act, edits: Vec<Edit>, destination: Option<Destination>) -> Result<Self> {
        let head = edits.first().map(Edit::result);
        Ok(Self {
            action,
            head: head.ok_or(Error::NotFound(Kind::Chart))?,
            edits,
            destination,
            before: None,
        })
    }
}
