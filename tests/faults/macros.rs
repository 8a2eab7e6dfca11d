//! How a scenario is written.

macro_rules! scenario {
    ($operation:literal, $case:literal, |$app:ident| $plan:expr) => {
        scenario!($operation, $case, |$app| $plan, Again::Same)
    };
    ($operation:literal, $case:literal, |$app:ident| $plan:expr, $again:expr) => {
        Scenario {
            operation: $operation,
            case: $case,
            set_up: |$app| Box::pin(async move { $plan }),
            again: $again,
            beside: &[],
            resumes: false,
        }
    };
}

macro_rules! refused {
    ($($refusal:literal)|+, |$app:ident| $check:expr) => {
        Again::Refused(&[$($refusal),+], |$app| Box::pin(async move { $check }))
    };
}
