use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self, numbers: Vec<_>);
}

fn main() {}
