//! How tests reach the product: through the real router and layers, over an in-process table, with a clock that stands
//! still and randomness that repeats. Nothing needs redaction, so snapshots are exact. Never part of a deployed
//! function.
//!
//! Every answer is compared with the document as it comes by: a reply that does not fit its schema fails its test.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot set itself up has to fail"
)]

mod actor;
mod answer;
mod fits;
mod outbox;
mod people;
mod saved;
mod script;

use std::{
    collections::BTreeMap,
    net::Ipv4Addr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use app::{
    Api, App, Timestamp,
    clock::Clock,
    config::Config,
    domain::{
        email::EmailAddress,
        id::{JobId, UserId},
        limit::Limit,
        otp::Otp,
        password::{HashMemory, Password, PasswordHash},
        secret::Secret,
        user::User,
    },
    http::Stack,
    random::Random,
    store::{
        SignUp, Store,
        embedded::{Embedded, Faults},
    },
};
use serde_json::Value;
use tempfile::TempDir;

pub use actor::{Actor, Call};
pub use answer::Answer;
pub use script::{Says, Script};

/// The password of every user that [`TestApp::user`] makes.
pub const PASSWORD: &str = "correct-horse-1";
/// When every test begins: 2026-01-31T09:30:00.000Z.
const START: i64 = 1_769_851_800_000;

/// A whole installation for one test.
pub struct TestApp {
    pub app: App,
    pub table: Embedded,
    /// The warehouse of every project whose host is `embedded`.
    pub warehouse: Script,
    stack: Stack,
    document: Arc<Value>,
    folder: TempDir,
    variables: BTreeMap<String, String>,
}

impl TestApp {
    /// An installation with the routes of an area and default settings.
    pub async fn new(api: Api) -> Self {
        Self::with(api, &[]).await
    }

    /// An installation with settings, as the environment would give them.
    pub async fn with(api: Api, variables: &[(&str, &str)]) -> Self {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let document = Arc::new(api.document());
        Self::built(
            variables.collect(),
            1,
            START,
            |app| Stack::new(api, app),
            document,
        )
        .await
    }

    async fn built(
        variables: BTreeMap<String, String>,
        seed: u64,
        start: i64,
        stack: impl FnOnce(App) -> Stack,
        document: Arc<Value>,
    ) -> Self {
        let table = Embedded::in_memory().expect("an embedded table");
        let folder = tempfile::tempdir().expect("a folder");
        let random = Random::seeded(seed);
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let own = [
            ("ZERODASH_OUTBOX".to_owned(), path("outbox")),
            ("ZERODASH_KEY_FILE".to_owned(), path("key")),
            ("ZERODASH_FILES".to_owned(), path("files")),
        ];
        // Kept, so that what else is random does not hang on whether links are signed.
        std::fs::create_dir(folder.path().join("files")).expect("a folder");
        std::fs::write(path("files/key"), "5e".repeat(32)).expect("a key");
        let all: BTreeMap<_, _> = variables.clone().into_iter().chain(own).collect();
        let config = Config::from_variables(|name| all.get(name).cloned()).expect("settings");
        let store = Store::new(table.client(), &config.table, random.clone());
        store.create_table().await.expect("a table");
        let clock = Clock::fixed(Timestamp::from_millis(start));
        let mut app = App::with(config, store, clock, random)
            .await
            .expect("an app");
        let warehouse = Script::default();
        app.warehouses = app.warehouses.with_embedded(warehouse.engines());
        Self {
            stack: stack(app.clone()),
            app,
            table,
            warehouse,
            document,
            folder,
            variables,
        }
    }

    /// Another installation that holds the same at the same moment; what happens in one is not seen in the other.
    pub async fn fork(&self) -> Self {
        let now = self.app.clock.now().millis();
        let stack = |app| self.stack.over(app);
        let document = self.document.clone();
        let mut fork = Self::built(self.variables.clone(), 2, now, stack, document).await;
        for item in self.items().into_values() {
            fork.put_item(&item);
        }
        // Secrets are sealed under the same key there.
        fork.app.seal = self.app.seal.clone();
        // Files and tables are looked at, never changed: a fork has other names for what it writes.
        fork.app.files = self.app.files.clone();
        fork.app.warehouses = self.app.warehouses.clone();
        fork.stack = self.stack.over(fork.app.clone());
        fork
    }

    /// The same installation behind faults of the table: what it holds stays, calls go wrong as told.
    pub fn behind(&self, faults: Faults) -> FaultyApp {
        let store = Store::new(
            self.table.with_faults(faults).client(),
            &self.app.config.table,
            self.app.random.clone(),
        );
        FaultyApp {
            stack: self.stack.over(self.app.over(store)),
        }
    }

    /// Somebody without a session.
    pub fn anonymous(&self) -> Actor<'_> {
        Actor::new(self)
    }

    /// Somebody with an account and a session, whose address is not verified yet; a passcode waits unsent.
    pub async fn user(&self, email: &str) -> Actor<'_> {
        self.sign_up(email).await.0
    }

    /// Somebody with an account, a session and a verified address.
    pub async fn verified(&self, email: &str) -> Actor<'_> {
        let (actor, user, otp) = self.sign_up(email).await;
        assert!(
            self.app
                .store
                .verify_email(user, &otp)
                .await
                .expect("verified")
        );
        actor
    }

    async fn sign_up(&self, email: &str) -> (Actor<'_>, UserId, Otp) {
        let now = self.app.clock.now();
        let email = EmailAddress::parse(email).expect("an address");
        let name = email
            .as_str()
            .split('@')
            .next()
            .unwrap_or_default()
            .to_owned();
        let user = User::new(
            UserId::new(&self.app.random),
            email,
            name,
            "Test".into(),
            now,
        );
        let (otp, _) = Otp::issue(
            &user.email,
            &self.app.otp_key().await.expect("a key"),
            &self.app.random,
            now,
        );
        let session = self.app.new_session(&user);
        // Counted elsewhere than anything a test looks at.
        let counter = |limit| {
            self.app
                .config
                .limits
                .counter(limit, &format!("set up {}", user.id), now)
        };
        let counters = [Limit::PasscodeRequestAccount, Limit::PasscodeRequestAddress].map(counter);
        let sign_up = SignUp {
            user: &user,
            password: password(),
            otp: &otp,
            session: (&session.0, &session.1),
            old_session: None,
            counters: counters.each_ref(),
        };
        self.app
            .store
            .register(sign_up, now)
            .await
            .expect("signed up");
        (Actor::new(self).with_session(&session.0), user.id, otp)
    }

    /// Lets time pass.
    pub fn wait(&self, minutes: u64) {
        self.app.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// Does every job that is due, with the worker's `run`, and what those lead to at once.
    pub async fn work<F>(&self, run: F)
    where
        F: AsyncFn(&App, JobId) -> app::Result<Option<Timestamp>>,
    {
        for _ in 0..100 {
            let now = self.app.clock.now();
            let open = self.app.store.late_open_jobs().await.expect("open jobs");
            let mut again = false;
            for job in open {
                let then = run(&self.app, job).await.expect("a worker");
                again |= then.is_some_and(|then| then <= now);
            }
            if !again {
                return;
            }
        }
        panic!("the work does not end");
    }

    /// Breaks the way that mail leaves, until [`TestApp::mend_mail`].
    pub fn break_mail(&self) {
        std::fs::rename(self.outbox_folder(), self.folder.path().join("away")).expect("an outbox");
    }

    /// Lets mail leave again.
    pub fn mend_mail(&self) {
        std::fs::rename(self.folder.path().join("away"), self.outbox_folder())
            .expect("a broken outbox");
    }

    /// Every mail so far, oldest first.
    pub fn mails(&self) -> Vec<String> {
        outbox::read(&self.outbox_folder())
    }

    /// The passcode in the newest mail.
    pub fn passcode(&self) -> String {
        let mails = self.mails();
        let digits = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        mails
            .last()
            .and_then(|mail| mail.lines().find(digits))
            .expect("a passcode")
            .to_owned()
    }

    /// The code in the newest reset mail.
    pub fn reset_code(&self) -> String {
        let mails = self.mails();
        let link = mails.last().and_then(|mail| {
            mail.lines()
                .find_map(|line| line.split_once("/reset-password/"))
        });
        link.expect("a reset link").1.to_owned()
    }

    /// Everything in the table, by keys; counters of limits left out, as they may count too much.
    pub fn items(&self) -> BTreeMap<(String, String), Value> {
        let request = serde_json::json!({ "TableName": &*self.app.config.table });
        let request = serde_json::from_value(request).expect("a scan");
        let found = serde_json::to_value(self.table.database().scan(request).expect("a scan"))
            .expect("items");
        let items = found["Items"].as_array().cloned().unwrap_or_default();
        let keyed = items.into_iter().map(|item| {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            ((text("pk"), text("sk")), item)
        });
        keyed
            .filter(|((pk, _), _)| !pk.starts_with("LIMIT#"))
            .collect()
    }

    /// A folder of this installation's own.
    pub fn folder(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn outbox_folder(&self) -> std::path::PathBuf {
        self.folder.path().join("outbox")
    }
}

/// An installation whose table fails as told.
pub struct FaultyApp {
    stack: Stack,
}

impl FaultyApp {
    /// Sends a call of an actor's through the faults.
    pub async fn send(&self, call: Call<'_>) -> Answer {
        call.send_to(&self.stack).await
    }
}

/// Text that hardly compresses.
pub fn noise(length: usize) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut state = 1_u64;
    let letter = |_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(LETTERS[(state >> 33) as usize % LETTERS.len()])
    };
    (0..length).map(letter).collect()
}

/// The hash of [`PASSWORD`], made once: it is slow on purpose.
fn password() -> &'static PasswordHash {
    static HASH: OnceLock<PasswordHash> = OnceLock::new();
    HASH.get_or_init(|| {
        Password::new(Secret::new(PASSWORD.into()))
            .and_then(|password| password.hash(&Random::seeded(7), &mut HashMemory::default()))
            .expect("a hash")
    })
}

/// Where actors call from, unless they say otherwise.
const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
