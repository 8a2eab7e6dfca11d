//! The whole product in one process: all functions' routes, the embedded table, the outbox.

pub mod demo;
mod docs;
pub mod jobs;
pub mod options;

use std::net::SocketAddr;

use app::{
    Api, App, Error, Result,
    clock::Clock,
    config::{Config, FilesConfig, MailConfig, SealConfig},
    domain::query::KEPT,
    files::Files,
    http::{PeerAddress, Stack},
    random::Random,
    store::{Store, embedded::Embedded},
};
use axum::{
    Router,
    extract::{ConnectInfo, Request},
};
use tokio::net::TcpListener;

use jobs::Jobs;
use options::Options;

/// Every area of the product.
pub fn api() -> Api {
    Api::new()
        .merge(auth::router())
        .merge(catalog::router())
        .merge(charts::router())
        .merge(content::router())
        .merge(dashboards::router())
        .merge(explores::router())
        .merge(exports::router())
        .merge(metrics_explorer::router())
        .merge(my_account::router())
        .merge(notifications::router())
        .merge(organizations::router())
        .merge(projects::router())
        .merge(roles_permissions::router())
        .merge(schedulers::router())
        .merge(share_links::router())
        .merge(ssh_keypairs::router())
        .merge(user_groups::router())
}

/// A running local stack.
pub struct Local {
    pub app: App,
    pub table: Embedded,
    listener: TcpListener,
    jobs: Jobs,
    table_listener: Option<TcpListener>,
}

impl Local {
    /// Opens the data folder and the ports; `engines` are for projects whose warehouse is inside the process.
    ///
    /// # Errors
    /// `Invalid` with a sentence for whoever started it.
    pub async fn start(
        options: &Options,
        config: Config,
        engines: Option<warehouse::Embedded>,
    ) -> Result<Self> {
        let folder = &options.data_dir;
        let told =
            |what: String| move |error: std::io::Error| Error::invalid(format!("{what}: {error}"));
        std::fs::create_dir_all(folder)
            .map_err(told(format!("cannot make {}", folder.display())))?;
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(told(format!("cannot listen on {}", options.listen)))?;
        let table_listener = match options.table_listen {
            Some(at) => Some(
                TcpListener::bind(at)
                    .await
                    .map_err(told(format!("cannot serve the table on {at}")))?,
            ),
            None => None,
        };
        let address = listener
            .local_addr()
            .map_err(told("cannot listen".into()))?;

        let table = Embedded::open(&folder.join("table.sqlite"))?;
        let (jobs, watcher) = Jobs::new();
        let store = Store::new(table.client(), &config.table, Random::System).watched(watcher);
        store.create_table().await?;
        let config = Config {
            site_url: if options.site_url {
                config.site_url
            } else {
                format!("http://{address}")
            },
            mail: MailConfig::Outbox(folder.join("outbox")),
            seal: SealConfig::KeyFile(folder.join("key")),
            files: FilesConfig::Folder(folder.join("files")),
            ..config
        };
        let mut app = App::with(config, store, Clock::System, Random::System).await?;
        if let Some(engines) = engines {
            app.warehouses = app.warehouses.with_embedded(engines);
        }
        Ok(Self {
            app,
            table,
            listener,
            jobs,
            table_listener,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers until `stop` resolves, then finishes what is running.
    ///
    /// # Errors
    /// `Internal` when the listener breaks.
    pub async fn serve(self, stop: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        if let Some(listener) = self.table_listener {
            tokio::spawn(dynoxide::server::serve_on(
                listener,
                self.table.database().clone(),
            ));
        }
        let mut worker = self.app.clone();
        // In the cloud it is a process of its own: what it runs for long is in nobody's way.
        worker.warehouses.turns = warehouse::Turns::default();
        let jobs = tokio::spawn(self.jobs.run(worker));
        let tidier = tokio::spawn(tidy(self.app.files.clone()));
        let router = router(Stack::new(api(), self.app));
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(self.listener, service)
            .with_graceful_shutdown(stop)
            .await;
        // What is not done is found at the next start.
        jobs.abort();
        tidier.abort();
        served.map_err(|error| Error::Internal(anyhow::Error::new(error).context("serving")))
    }
}

/// The stack behind the page with the document.
fn router(stack: Stack) -> Router {
    let answer = move |ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request| {
        let stack = stack.clone();
        async move {
            request.extensions_mut().insert(PeerAddress(peer.ip()));
            stack.answer(request).await
        }
    };
    docs::router().fallback(answer)
}

/// Removes files that nothing leads to any more, once an hour.
async fn tidy(files: Files) {
    let Files::Folder(folder) = files else {
        return;
    };
    loop {
        let folder = folder.clone();
        let done = tokio::task::spawn_blocking(move || folder.tidy(2 * KEPT)).await;
        if let Ok(Err(error)) = done {
            tracing::warn!(cause = %error, "Old files stay.");
        }
        tokio::time::sleep(std::time::Duration::from_secs(60 * 60)).await;
    }
}
