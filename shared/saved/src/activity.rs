//! Counting what was opened, and by whom.

use app::{
    App, Beside, InProject,
    domain::{
        activity::Did,
        content::{Content, ContentKind},
    },
};

/// Counts beside the answer that the caller opened something: for the thing itself, and for whoever looks who uses the
/// project. What a program reads by a token is opened by nobody. It is no harm when that fails.
pub fn viewed(app: &App, beside: &Beside, project: &InProject, head: &Content) {
    if project.user.session.is_none() {
        return;
    }
    let (now, what, id) = (app.clock.now(), head.what, head.id);
    let store = app.store.clone();
    beside.run("count a view", async move {
        store.count_view(what, id, now).await
    });
    let did = match what {
        ContentKind::Chart | ContentKind::SqlChart => Did::OpenedChart,
        ContentKind::Dashboard => Did::OpenedDashboard(id),
    };
    let (store, project, user) = (app.store.clone(), project.id(), project.user.id);
    beside.run("note what somebody opened", async move {
        store.note_activity(project, user, did, now).await
    });
}
