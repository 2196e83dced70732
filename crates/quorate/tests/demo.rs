//! The demo: its page, its buttons, and that nothing is left of it in the end.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use hyper::body::Bytes;
use hyper::{HeaderMap, Request, Response, StatusCode};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use support::process::Process;
use support::tools::{quorate, run};
use support::{client, eventually, free_addresses, free_base_port};

#[tokio::test(flavor = "multi_thread")]
async fn the_page_and_its_files() {
    let demo = Demo::start(&[]);
    let output = demo.process.output();
    assert!(output.contains(&format!("http://{}", demo.page)), "{output}");
    assert!(output.contains("ready in "), "{output}");

    // The page, what it names, and what that names.
    let (mut known, mut waiting) = (BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = waiting.pop() {
        if !known.insert(path.clone()) {
            continue;
        }
        let file = demo.get(&path).await;
        assert_eq!(file.status(), StatusCode::OK, "{path}");
        assert_guarded(file.headers(), &path);
        assert_eq!(header(file.headers(), "content-type"), media_type(&path), "{path}");
        waiting.extend(named_in(&path, &String::from_utf8_lossy(file.body())));
    }
    for path in ["/app.js", "/style.css", "/icon.svg"] {
        assert!(known.contains(path), "{path} is not named anywhere: {known:?}");
    }
    assert!(known.len() > 10, "the scripts are not followed: {known:?}");
    for path in ["/nothing.js", "/test/model.js", "/e2e/package.json", "/../Cargo.toml"] {
        let missing = demo.get(path).await;
        assert_eq!(missing.status(), StatusCode::NOT_FOUND, "{path}");
        assert_guarded(missing.headers(), path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buttons() {
    let demo = Demo::start(&[]);
    let names = ["A", "B", "C"];
    for (member, name) in demo.members().await.iter().zip(names) {
        assert_eq!((&member["name"], &member["state"]), (&name.into(), &"running".into()));
        assert!(member["pid"].as_u64().is_some_and(is_running), "{member}");
    }

    let pid = demo.pid(0).await;
    assert_eq!(demo.post("/api/members/A/stop", "").await, StatusCode::OK);
    assert!(!is_running(pid), "the member goes on");
    let stopped = &demo.members().await[0];
    assert_eq!((&stopped["state"], &stopped["pid"]), (&"stopped".into(), &Value::Null));
    assert_eq!(demo.post("/api/members/A/stop", "").await, StatusCode::CONFLICT);

    assert_eq!(demo.post("/api/put", r#"{"key":"k","value":"without A"}"#).await, StatusCode::OK);
    assert_eq!(demo.value_of("k", 1), "without A\n");

    assert_eq!(demo.post("/api/members/A/start", "").await, StatusCode::OK);
    assert!(is_running(demo.pid(0).await), "it was started");
    assert_eq!(demo.post("/api/members/A/start", "").await, StatusCode::CONFLICT);
    eventually("A does not serve", async || {
        if demo.value_of("k", 0) == "without A\n" { Ok(()) } else { Err(demo.process.output()) }
    })
    .await;

    assert_eq!(demo.post("/api/members/B/pause", "").await, StatusCode::OK);
    assert_eq!(demo.members().await[1]["state"], "paused");
    assert_eq!(demo.post("/api/members/B/resume", "").await, StatusCode::OK);
    assert_eq!(demo.members().await[1]["state"], "running");

    assert_eq!(demo.post("/api/members/D/stop", "").await, StatusCode::NOT_FOUND);
    assert_eq!(demo.post("/api/members/A/paint", "").await, StatusCode::NOT_FOUND);
}

/// What another site's page, or one whose name points to this machine, may do: nothing.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_refused() {
    let demo = Demo::start(&[]);
    let page = demo.page.to_string();
    let port = demo.page.port();
    let own = [format!("localhost:{port}"), page.clone()];
    let foreign = [
        format!("evil.example:{port}"),
        "evil.example".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1.evil.example:{port}"),
    ];
    for path in ["/api/members/A/stop", "/api/put", "/api/members", "/"] {
        let is_post = path.ends_with("stop") || path.ends_with("put");
        let body = if path == "/api/put" { r#"{"key":"k","value":"foreign"}"# } else { "" };
        let request = |host: &str, origin: Option<&str>| {
            let request = if is_post { Request::post(path) } else { Request::get(path) };
            let request = request.header("host", host).header("content-type", "application/json");
            let request = match origin {
                Some(origin) => request.header("origin", origin),
                None => request,
            };
            request.body(body).expect("a request")
        };
        for host in &foreign {
            demo.refuses(request(host, None)).await;
            demo.refuses(request(host, Some(&format!("http://{host}")))).await;
        }
        for origin in
            ["http://evil.example", "null", "http://127.0.0.1:1", &format!("https://{page}")]
        {
            demo.refuses(request(&page, Some(origin))).await;
        }
    }
    assert_eq!(demo.members().await[0]["state"], "running");
    assert_eq!(demo.value_of("k", 0), "");

    for host in own {
        let request = Request::post("/api/put")
            .header("host", &host)
            .header("origin", format!("http://{host}"))
            .header("content-type", "application/json");
        let request = request.body(r#"{"key":"k","value":"own"}"#).expect("a request");
        assert_eq!(demo.ask(request).await.status(), StatusCode::OK, "{host}");
    }
    assert_eq!(demo.value_of("k", 0), "own\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_everything() {
    let mut demo = Demo::start(&[]);
    let pids = demo.pids().await;
    assert_eq!(demo.post("/api/members/A/stop", "").await, StatusCode::OK);
    assert_eq!(demo.post("/api/members/B/pause", "").await, StatusCode::OK);
    demo.end();
    assert_eq!(pids.iter().filter(|pid| is_running(**pid)).count(), 0, "members are left");
    assert_eq!(fs::read_dir(demo.temporary()).unwrap().count(), 0, "the data is left");
}

/// Also while the members have no leader yet.
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_demo_that_starts() {
    let mut demo = Demo::begin(&[]);
    // From when on it has the port of its page, it heeds signals.
    eventually("the page has no port", async || {
        std::net::TcpStream::connect(demo.page).map(drop).map_err(|error| error.to_string())
    })
    .await;
    demo.end();
    assert_eq!(fs::read_dir(demo.temporary()).unwrap().count(), 0, "the data is left");
}

/// Nobody can tell the members any more, and they end all the same; even one that is held up.
#[tokio::test(flavor = "multi_thread")]
async fn the_members_end_with_the_demo() {
    let mut demo = Demo::start(&[]);
    let pids = demo.pids().await;
    assert_eq!(demo.post("/api/members/B/pause", "").await, StatusCode::OK);
    demo.process.kill();
    eventually("members are left", async || {
        let left = pids.iter().filter(|pid| is_running(**pid)).collect::<Vec<_>>();
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let data_dir = data.path().join("below/data");
    let arguments = ["--data-dir", data_dir.to_str().unwrap()];
    let mut demo = Demo::start(&arguments);
    assert_eq!(demo.post("/api/put", r#"{"key":"k","value":"kept"}"#).await, StatusCode::OK);
    demo.end();

    demo.start_again(&arguments);
    for member in 0..3 {
        assert_eq!(demo.value_of("k", member), "kept\n");
    }
    assert!(data_dir.join("A/member/wal").is_dir() && data_dir.join("A.log").is_file());
}

/// A running demo of three members.
struct Demo {
    process: Process,
    page: SocketAddr,
    base_port: u16,
    directory: TempDir,
}

impl Demo {
    /// Starts it, and waits until it is ready.
    fn start(arguments: &[&str]) -> Self {
        let mut demo = Self::begin(arguments);
        demo.process.wait_until_it_prints(READY);
        demo
    }

    fn begin(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        fs::create_dir(directory.path().join("tmp")).expect("there is room for a directory");
        let [page] = free_addresses();
        let base_port = free_base_port();
        let process = launch(directory.path(), page, base_port, arguments);
        Self { process, page, base_port, directory }
    }

    fn start_again(&mut self, arguments: &[&str]) {
        self.process = launch(self.directory.path(), self.page, self.base_port, arguments);
        self.process.wait_until_it_prints(READY);
    }

    /// Ends it as Ctrl-C does, in good order.
    fn end(&mut self) {
        self.process.signal(Signal::INT);
        let status = self.process.wait();
        assert_eq!(status.code(), Some(0), "{}", self.process.output());
    }

    /// Where it keeps what it does not keep.
    fn temporary(&self) -> PathBuf {
        self.directory.path().join("tmp")
    }

    async fn ask(&self, request: Request<&'static str>) -> Response<Bytes> {
        client::http(self.page, request).await.expect("an answer")
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        let request = Request::get(path).header("host", self.page.to_string());
        self.ask(request.body("").expect("a request")).await
    }

    async fn post(&self, path: &str, body: &'static str) -> StatusCode {
        let page = self.page.to_string();
        let request = Request::post(path).header("host", &page);
        let request = request.header("origin", format!("http://{page}"));
        let request = request.header("content-type", "application/json");
        self.ask(request.body(body).expect("a request")).await.status()
    }

    async fn refuses(&self, request: Request<&'static str>) {
        let shown = format!("{request:?}");
        assert_eq!(self.ask(request).await.status(), StatusCode::FORBIDDEN, "{shown}");
    }

    async fn members(&self) -> Vec<Value> {
        let list = self.get("/api/members").await;
        let list = serde_json::from_slice::<Value>(list.body()).expect("json");
        list["members"].as_array().expect("a list").clone()
    }

    async fn pid(&self, member: usize) -> u64 {
        self.members().await[member]["pid"].as_u64().expect("it runs")
    }

    async fn pids(&self) -> Vec<u64> {
        let members = self.members().await;
        members.iter().map(|member| member["pid"].as_u64().expect("it runs")).collect()
    }

    /// What `quorate get` prints when it asks that member.
    fn value_of(&self, key: &str, member: u16) -> String {
        let endpoint = format!("127.0.0.1:{}", self.base_port + 10 * member);
        let get = ["--endpoints", &endpoint, "get", key, "--print-value-only"];
        let output = run(quorate().args(get), "");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Its members write into the directory until it has ended them.
        self.process.end();
        if std::thread::panicking() {
            eprintln!("---- the demo\n{}", self.process.output());
        }
    }
}

/// What a demo prints last when it is ready.
const READY: &str = "Ctrl-C stops everything";

fn launch(directory: &Path, page: SocketAddr, base_port: u16, arguments: &[&str]) -> Process {
    let mut command = quorate();
    command
        .args(["demo", "--base-port", &base_port.to_string()])
        .args(["--page-port", &page.port().to_string()])
        .args(arguments)
        .env("TMPDIR", directory.join("tmp"));
    Process::start(&mut command, &directory.join("log"))
}

/// Whether the process does anything. One that has ended may wait to be noticed.
fn is_running(pid: u64) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The headers that keep the page to itself.
fn assert_guarded(headers: &HeaderMap, path: &str) {
    let policy = header(headers, "content-security-policy");
    for rule in
        ["default-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"]
    {
        assert!(policy.contains(rule), "{path}: {policy:?}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy:?}");
    assert_eq!(header(headers, "x-content-type-options"), "nosniff", "{path}");
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().expect("it is a text"))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.') {
        None => "text/html; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, other)) => panic!("{other} is a new kind of file"),
    }
}

/// The files that a page names, or a script, by their paths. Comments name types.
fn named_in(path: &str, text: &str) -> Vec<String> {
    let (directory, _) = path.rsplit_once('/').expect("it begins with one");
    let is_code = |line: &&str| !["/*", "*", "//"].iter().any(|c| line.trim().starts_with(c));
    let mut names = Vec::new();
    for line in text.lines().filter(is_code) {
        for marker in ["src=\"", "href=\"", "from \"", "import \""] {
            let named = line.split(marker).skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(named.map(|name| resolve(directory, name)));
        }
    }
    names.retain(|name| [".js", ".css", ".svg"].iter().any(|ending| name.ends_with(ending)));
    names
}

fn resolve(directory: &str, name: &str) -> String {
    let mut parts = match name.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => directory.split('/').collect(),
    };
    for part in name.split('/').filter(|part| !matches!(*part, "" | ".")) {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    format!("/{}", parts.join("/").trim_start_matches('/'))
}
