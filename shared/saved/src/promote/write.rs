//! Carrying a promotion out, and telling what it does.

use app::{
    Result,
    domain::{
        content::{Content, DashboardBody},
        packed::Packed,
    },
    store::{EDITS, Edit, LARGEST_CHUNK},
};

use super::{
    changes::{
        Beside, ChangedChart, ChangedDashboard, ChangedSpace, Changes, PromotedChart,
        PromotedDashboard, PromotedSpace, authors,
    },
    plan::{Plan, Planner},
};
use crate::edit::edit_all;

/// Whether one transaction takes all of it.
fn is_small(edits: &[&Edit]) -> bool {
    let sizes = edits.iter().filter_map(|edit| edit.version.as_ref());
    edits.len() <= EDITS && sizes.map(|body| body.0.len()).sum::<usize>() <= LARGEST_CHUNK
}

impl Planner<'_> {
    /// Writes what was planned: the spaces, then all the rest in one transaction where that takes it. Otherwise a new dashboard
    /// first, without tiles, then the charts, then what the dashboard is to be; whoever does it again after a failure goes on.
    ///
    /// # Errors
    /// `Changed` and `Exists` when somebody else came first; as the store.
    pub(super) async fn carry_out(&mut self, plan: &Plan) -> Result<()> {
        self.write_spaces().await?;
        let charts = plan.charts.iter().filter_map(|chart| chart.edit.clone());
        let charts: Vec<Edit> = charts
            .chain(plan.sql.iter().cloned())
            .chain(plan.gone.iter().cloned())
            .collect();
        let dashboard = plan.dashboard.as_ref().and_then(|one| one.edit.clone());
        let all: Vec<&Edit> = dashboard.iter().chain(&charts).collect();
        if is_small(&all) {
            let all: Vec<Edit> = all.into_iter().cloned().collect();
            return edit_all(self.app, &all).await;
        }
        let Some(dashboard) = dashboard else {
            return edit_all(self.app, &charts).await;
        };
        let last = match &dashboard.old {
            Some(_) => dashboard,
            None => self.begin(dashboard).await?,
        };
        edit_all(self.app, &charts).await?;
        edit_all(self.app, &[last]).await
    }

    /// Makes a dashboard without tiles; answers the edit that gives it what it is to have.
    async fn begin(&self, edit: Edit) -> Result<Edit> {
        let bare = Content {
            shown: Default::default(),
            tiled: Default::default(),
            ..edit.new.clone()
        };
        let empty = Packed::pack_json(&DashboardBody::default())?;
        let first = Edit::create(bare, empty);
        edit_all(self.app, std::slice::from_ref(&first)).await?;
        let made = first.result();
        let new = Content {
            rev: made.rev,
            latest: made.latest,
            ..edit.new
        };
        Ok(Edit {
            old: Some(made),
            new,
            version: edit.version,
            slug: app::store::Slug::Stays,
        })
    }

    /// What a plan changes, as clients see it.
    ///
    /// # Errors
    /// `Unavailable` when the table does not answer.
    pub(super) async fn told(&self, plan: Plan) -> Result<Changes> {
        let (app, contents) = (self.app, &self.target);
        let heads: Vec<&Content> = plan.charts.iter().map(|chart| &chart.head).collect();
        let (names, palette) = tokio::try_join!(
            authors(app, &self.to.user, &heads),
            app.store.active_colors(self.to.organization()),
        )?;
        let beside = Beside {
            contents,
            names: &names,
            palette: &palette,
        };
        let mut charts = Vec::new();
        for chart in plan.charts {
            charts.push(ChangedChart {
                action: chart.action,
                data: PromotedChart::new(beside, &chart.head, chart.body, chart.source)?,
                difference: None,
            });
        }
        let mut dashboards = Vec::new();
        if let Some(one) = plan.dashboard {
            dashboards.push(ChangedDashboard {
                action: one.action,
                data: PromotedDashboard::read(app, contents, &one.head, one.body).await?,
                difference: None,
                missing_charts: None,
            });
        }
        let spaces = self.planned_spaces.iter().map(|one| ChangedSpace {
            action: one.action,
            data: PromotedSpace::new(contents, &one.space),
        });
        Ok(Changes {
            spaces: spaces.collect(),
            dashboards,
            charts,
        })
    }
}
