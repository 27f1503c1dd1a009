use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn copy(&self) -> Self;
}

fn main() {}
