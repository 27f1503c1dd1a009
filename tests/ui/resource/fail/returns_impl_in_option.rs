use dagstack_plugin::resource;

#[resource]
pub trait Ledger {
    async fn f(&self) -> Option<impl ToString>;
}

fn main() {}
