use app::lambda;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::RuntimeError> {
    Box::pin(lambda::work(worker::run)).await
}
