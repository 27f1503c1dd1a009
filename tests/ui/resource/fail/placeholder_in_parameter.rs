use dagstack_plugin::resource;

#[resource(name = "acme.ledger")]
pub trait Ledger {
    async fn f(&self, numbers: Vec<_>);
}

fn main() {}
