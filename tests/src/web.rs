//! A web server on a port of this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::workspace;

/// Serves one page of HTML, whatever is asked for; gives its address, `http://…/page`.
///
/// # Panics
///
/// When there is no port.
pub fn serve(html: &'static str) -> String {
    serve_and_tell(html).0
}

/// [`serve`], and the lines of each request in lower case, there as soon as it is answered.
///
/// # Panics
///
/// When there is no port.
pub fn serve_and_tell(html: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let tell = tell.clone();
            thread::spawn(move || {
                answer(stream, html, |request| {
                    // Not everybody listens.
                    let _ = tell.send(request.to_ascii_lowercase());
                });
            });
        }
    });
    (format!("http://{address}/page"), told)
}

/// The same as `https://localhost…`, by the certificate [`AUTHORITY`].
///
/// # Panics
///
/// When there is no port.
pub fn serve_tls(html: &'static str) -> String {
    let file = |name: &str| workspace().join("tests").join("tls").join(name);
    let certificate = CertificateDer::from_pem_file(file(AUTHORITY)).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(file("localhost.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(Arc::clone(&config)).expect("a connection");
            thread::spawn(move || answer(StreamOwned::new(connection, stream), html, |_| {}));
        }
    });
    format!("https://localhost:{port}/page")
}

/// The file in `tests/tls` that a client of [`serve_tls`] must trust.
pub const AUTHORITY: &str = "localhost.pem";

/// Answers one request; whoever goes away is not missed.
fn answer(stream: impl Read + Write, html: &str, asked: impl FnOnce(&str)) {
    let mut stream = BufReader::new(stream);
    let mut request = String::new();
    while stream
        .read_line(&mut request)
        .is_ok_and(|length| length > 2)
    {}
    asked(&request);
    let length = html.len();
    let _ = write!(
        stream.get_mut(),
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{html}"
    );
    let _ = stream.get_mut().flush();
}
