//! Runs the real binary in a folder of its own, and looks at what it left behind.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use flowbook_sandbox::{Error, Options, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A folder with a copy of the shipped flowbooks, thrown away at the end.
pub struct Workplace {
    folder: tempfile::TempDir,
}

impl Workplace {
    /// An empty one.
    pub fn empty() -> Workplace {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Workplace { folder }
    }

    /// With `flows/` as shipped, without what runs left in it.
    pub fn with_flows() -> Workplace {
        let place = Workplace::empty();
        copy(&repository().join("flows"), &place.path().join("flows"));
        place
    }

    /// The shipped flowbook with connectors that know no quota: with it, hundreds of orders take minutes.
    pub fn without_quotas() -> Workplace {
        let place = Workplace::with_flows();
        for name in ["ccv_salespos", "eaccounting"] {
            let shipped = repository().join(format!("stdlib/connectors/{name}.flow"));
            let text = std::fs::read_to_string(shipped).expect("a connector");
            let free: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("limit "))
                .collect();
            let file = format!("flows/ccv-eaccounting/{name}.flow");
            place.write(&file, free.join("\n"));
        }
        place
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, its folders included.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).expect("readable")
    }

    /// Replaces a piece of a file's text, which must be there.
    pub fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} does not hold {old}");
        self.write(name, text.replacen(old, new, 1));
    }

    /// `flowbook WORDS…` in this folder.
    pub fn flowbook(&self, words: &str) -> Call {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowbook"));
        command.current_dir(self.path()).args(split(words));
        for (name, _) in std::env::vars() {
            if name.starts_with("FLOWBOOK_") {
                command.env_remove(name);
            }
        }
        command.env("NO_COLOR", "1").env("COLUMNS", "110");
        Call {
            command,
            input: Vec::new(),
        }
    }

    /// The records that the sandbox of a flowbook holds: `books/customerinvoicedrafts`.
    pub fn sandbox_records(&self, flowbook: &str, collection: &str) -> Vec<serde_json::Value> {
        let state = self.path().join(flowbook).join(".flowbook/sandbox");
        records(
            Options {
                state: Some(state),
                ..Options::default()
            },
            collection,
        )
    }
}

fn split(words: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in words.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => out.push(String::new()),
            c => out.last_mut().expect("one").push(c),
        }
    }
    out.retain(|word| !word.is_empty());
    out
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.file_name() == ".flowbook" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// A call of the command.
pub struct Call {
    command: Command,
    input: Vec<u8>,
}

impl Call {
    /// With a variable.
    pub fn env(mut self, name: &str, value: &str) -> Call {
        self.command.env(name, value);
        self
    }

    /// With the variables that a running sandbox needs.
    pub fn at(mut self, sandbox: &Sandbox) -> Call {
        for (name, value) in sandbox.env() {
            self.command.env(format!("FLOWBOOK_{name}"), value);
        }
        self
    }

    /// In this folder.
    pub fn inside(mut self, folder: &Path) -> Call {
        self.command.current_dir(folder);
        self
    }

    /// With words more.
    pub fn with(mut self, words: &str) -> Call {
        self.command.args(split(words));
        self
    }

    /// As another user, with a copy of the binary that this user may read.
    #[cfg(unix)]
    pub fn by_user(mut self, user: u32, binary: &Path) -> Call {
        use std::os::unix::process::CommandExt;
        self.command = self.again(binary, &[]);
        self.command.uid(user).gid(user);
        self
    }

    /// The same call of another program, with words before its own.
    fn again(&self, program: impl AsRef<OsStr>, before: &[OsString]) -> Command {
        let mut command = Command::new(program);
        command.args(before).args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(folder) = self.command.get_current_dir() {
            command.current_dir(folder);
        }
        command
    }

    /// Where a file may grow no more, writing fails instead of ending the process: as on a full disk.
    pub fn without_file_signals(mut self) -> Call {
        let program = self.command.get_program().to_owned();
        let before = ["-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(Into::into);
        self.command = self.again("sh", &[before.as_slice(), &[program]].concat());
        self
    }

    /// With text on stdin.
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Call {
        self.input = text.into();
        self
    }

    /// Starts it and leaves it running; what it says goes to files.
    pub fn spawn_to(mut self, stdout: &Path, stderr: &Path) -> std::process::Child {
        let file = |path: &Path| std::fs::File::create(path).expect("a file");
        self.command
            .stdin(Stdio::null())
            .stdout(file(stdout))
            .stderr(file(stderr))
            .spawn()
            .expect("the binary starts")
    }

    /// Starts it and leaves it running, output thrown away.
    pub fn spawn(mut self) -> std::process::Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts")
    }

    /// Runs it to its end.
    pub fn run(mut self) -> Done {
        use std::io::Write;
        let words = format!("{:?}", self.command.get_args().collect::<Vec<_>>());
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("stdin");
        let input = self.input;
        let writer = std::thread::spawn(move || {
            // the command may refuse before it reads all
            let _ = stdin.write_all(&input);
        });
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("written");
        Done { output, words }
    }
}

/// What a call gave.
pub struct Done {
    output: Output,
    words: String,
}

impl Done {
    /// Its exit code; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// It must have ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Done {
        assert_eq!(
            self.output.status.code(),
            Some(code),
            "{}\n--- stdout\n{}\n--- stderr\n{}",
            self.words,
            self.stdout(),
            self.stderr()
        );
        self
    }

    /// Its result.
    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("text")
    }

    /// What it said beside.
    pub fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("text")
    }

    /// Both, for snapshots: times and ports are taken out.
    pub fn said(&self) -> String {
        let mut text = format!("exit {}\n", self.output.status.code().unwrap_or(-1));
        for (name, part) in [("stdout", self.stdout()), ("stderr", self.stderr())] {
            if !part.is_empty() {
                text.push_str(&format!("--- {name}\n{part}"));
            }
        }
        steady(&text)
    }

    /// Its result as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout())
            .unwrap_or_else(|why| panic!("{}: {why}\n{}", self.words, self.stdout()))
    }
}

/// Without what differs from run to run.
pub fn steady(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        if let Some(at) = line.find(" s, with").or_else(|| line.find(" s, without")) {
            let start = line[..at].rfind(' ').map_or(0, |space| space + 1);
            line.replace_range(start..at, "N");
            // how many requests equal questions cost depends on which record asks first
            let words: Vec<&str> = line.split(' ').collect();
            let counts: Vec<usize> = (1..words.len())
                .filter(|at| words[*at].starts_with("request"))
                .map(|at| at - 1)
                .collect();
            let masked: Vec<&str> = words
                .iter()
                .enumerate()
                .map(|(at, word)| if counts.contains(&at) { "N" } else { word })
                .collect();
            line = masked.join(" ");
        }
        while let Some(at) = line.find("127.0.0.1:") {
            let start = at + "127.0.0.1".len();
            let end = line[start + 1..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(line.len(), |end| start + 1 + end);
            line.replace_range(start..end, "․PORT");
        }
        out.push_str(&line);
    }
    out.replace('․', ":")
}

/// One client for all tests, since making one takes long; each request has a connection of its own, since each sandbox has a runtime of its own.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let client = reqwest::Client::builder().pool_max_idle_per_host(0);
        client.no_proxy().build().expect("a client")
    })
}

/// An in-process sandbox with its runtime.
pub struct Servers {
    runtime: tokio::runtime::Runtime,
    sandbox: Option<Sandbox>,
}

impl Servers {
    /// Starts both servers.
    pub fn start(options: Options) -> Servers {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        // A child that another test forks holds the lock of the sandbox before this one until it is a program of its own.
        let mut patience = 100;
        let sandbox = loop {
            match runtime.block_on(Sandbox::start(options.clone())) {
                Err(Error::InUse(_)) if patience > 0 => {
                    patience -= 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                started => break started.expect("a sandbox"),
            }
        };
        Servers {
            runtime,
            sandbox: Some(sandbox),
        }
    }

    /// They.
    pub fn sandbox(&self) -> &Sandbox {
        self.sandbox.as_ref().expect("running")
    }

    /// Records of a collection: `books/customerinvoicedrafts`.
    pub fn records(&self, collection: &str) -> Vec<serde_json::Value> {
        let value = self.get(&format!("/_sandbox/state/{collection}"));
        match value {
            serde_json::Value::Array(items) => items,
            serde_json::Value::Object(map) => map.into_iter().map(|(_, value)| value).collect(),
            other => panic!("no list: {other}"),
        }
    }

    /// The books behind a line on which every answer takes so long.
    pub fn slow_books(&self, delay: Duration) -> Slow {
        Slow::start(&self.runtime, &self.sandbox().books_url(), delay)
    }

    /// Requests counted so far.
    pub fn requests(&self) -> serde_json::Value {
        self.get("/_sandbox/requests")
    }

    /// Adds or replaces records.
    pub fn seed(&self, records: serde_json::Value) {
        self.tell("POST", "/_sandbox/seed", records.to_string());
    }

    /// Sets a fault, as the sandbox's README has them.
    pub fn fault(&self, fault: serde_json::Value) {
        self.tell("POST", "/_sandbox/faults", fault.to_string());
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.tell("DELETE", "/_sandbox/faults", String::new());
    }

    /// How many requests faults of that kind have struck.
    pub fn struck(&self, kind: &str) -> u64 {
        let faults = self.get("/_sandbox/faults");
        faults["struck"][kind].as_u64().unwrap_or(0)
    }

    fn tell(&self, method: &str, path: &str, body: String) {
        let url = self.root(path);
        let method = method.parse().expect("a method");
        let (status, said) = self.runtime.block_on(async {
            let request = client().request(method, url).body(body);
            let answer = request.send().await.expect("answered");
            (answer.status(), answer.text().await.expect("text"))
        });
        assert!(status.is_success(), "{path}: {status} {said}");
    }

    fn root(&self, path: &str) -> String {
        let url = self.sandbox().till_url();
        let root: String = url.split('/').take(3).collect::<Vec<_>>().join("/");
        format!("{root}{path}")
    }

    fn get(&self, path: &str) -> serde_json::Value {
        let url = self.root(path);
        let text = self.runtime.block_on(async {
            let request = client().get(url);
            request
                .send()
                .await
                .expect("answered")
                .text()
                .await
                .expect("text")
        });
        serde_json::from_str(&text).expect("JSON")
    }
}

/// A line on which answers are slow: what was written is done long before it is heard of.
pub struct Slow {
    base: String,
    made: Arc<Made>,
}

/// Records made over a line, by their answers.
#[derive(Default)]
struct Made {
    all: AtomicUsize,
    untold: AtomicUsize,
}

impl Slow {
    fn start(runtime: &tokio::runtime::Runtime, url: &str, delay: Duration) -> Slow {
        let parts: Vec<&str> = url.splitn(4, '/').collect();
        let target = parts[2].to_owned();
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let path = parts.get(3).map(|path| format!("/{path}"));
        let made = Arc::new(Made::default());
        let counted = made.clone();
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (target, made) = (target.clone(), counted.clone());
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        join(client, server, delay, &made).await;
                    }
                });
            }
        });
        Slow {
            base: format!("http://{address}{}", path.unwrap_or_default()),
            made,
        }
    }

    /// How many records have been made so far.
    pub fn made(&self) -> usize {
        self.made.all.load(Ordering::Relaxed)
    }

    /// How many records have been made of which nobody has been told yet.
    pub fn made_and_untold(&self) -> usize {
        self.made.untold.load(Ordering::Relaxed)
    }

    /// Where the books are.
    pub fn base(&self) -> String {
        self.base.clone()
    }
}

async fn join(client: TcpStream, server: TcpStream, delay: Duration, made: &Made) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let asks = async {
        // either side may go away at any moment: then the line is over
        let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let answers = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(read) = from_server.read(&mut bytes).await {
            let new = usize::from(bytes.starts_with(b"HTTP/1.1 201"));
            made.all.fetch_add(new, Ordering::Relaxed);
            made.untold.fetch_add(new, Ordering::Relaxed);
            tokio::time::sleep(delay).await;
            made.untold.fetch_sub(new, Ordering::Relaxed);
            if read == 0 || to_client.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(asks, answers);
}

impl Drop for Servers {
    fn drop(&mut self) {
        if let Some(sandbox) = self.sandbox.take() {
            self.runtime.block_on(sandbox.shutdown());
        }
    }
}

fn records(options: Options, collection: &str) -> Vec<serde_json::Value> {
    Servers::start(options).records(collection)
}

/// The first flow of a run's JSON report.
pub fn flow<'j>(report: &'j serde_json::Value, name: &str) -> &'j serde_json::Value {
    report["flows"]
        .as_array()
        .and_then(|flows| flows.iter().find(|flow| flow["flow"] == name))
        .unwrap_or_else(|| panic!("no flow {name} in {report}"))
}

/// How often each value of a field occurs.
pub fn count_by(records: &[serde_json::Value], field: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for record in records {
        *counts.entry(record[field].to_string()).or_default() += 1;
    }
    counts
}

/// Sends a signal to a process that a test started: `STOP`, `CONT`, `TERM`.
#[cfg(unix)]
pub fn signal(child: &std::process::Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .expect("kill runs");
    assert!(sent.success());
}

/// Asks until it is so, or until patience is over; whether it is.
pub fn until(patience: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if began.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
