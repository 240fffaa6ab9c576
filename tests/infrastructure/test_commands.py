"""In the synthesized templates: who may invoke a function, start an execution, read which secret."""

from tests.infrastructure.permissions import Grant, is_of
from tests.infrastructure.synthesis import Assembly

TASKS = {
    "ConfirmOrder": "Orders",
    "FenceOrder": "Orders",
    "CancelOrder": "Orders",
    "NoteFault": "Orders",
    "ReserveStock": "Inventory",
    "ReleaseStock": "Inventory",
    "ChargePayment": "Payments",
    "RefundPayment": "Payments",
}
ASKED: tuple[str, ...] = ("ClaimOverdue", "OrderStatus", "ClaimOpen", "CommitStock", "ReleaseStock")
ASKED += ("ClaimUnsold", "PostSale", "RefundPayment")
ASKED += ("FenceCustomer", "CountOpenOrders", "PayOutWallet", "ForgetMethods")
ASKED += ("ResumeOrder", "ResolveOrder", "SelectParked", "PaymentStatus", "ReservationStatus")
APIS = ("Catalog", "Checkout", "Customers", "Inventory", "Operations", "Orders", "Payments", "Storefront")
INVOKED = {
    "CheckoutApi": "ResumeOrder ResolveOrder SelectParked PaymentStatus ReservationStatus",
    "CheckoutSweep": "ClaimOverdue",
    "CheckoutReconcile": "OrderStatus ClaimOpen CommitStock ReleaseStock ClaimUnsold PostSale RefundPayment",
    "CustomersEraseDue": "FenceCustomer CountOpenOrders PayOutWallet ForgetMethods",
}
UNDO = ("FenceOrder", "RefundPayment", "ReleaseStock", "CancelOrder")


def test_each_state_machine_invokes_the_functions_of_its_own_states(given: list[Grant]) -> None:
    machines = {"SagaCheckoutSaga": TASKS, "ExpressCheckoutSaga": TASKS, "CheckoutRepair": UNDO}
    for machine, tasks in machines.items():
        invoked = [
            grant.resource
            for grant in given
            if is_of(grant, machine) and grant.action == "lambda:InvokeFunction"
        ]
        assert len(invoked) == len(tasks)
        for task in tasks:
            assert any(f"Settle{TASKS[task]}.{TASKS[task]}{task}" in resource for resource in invoked), task


def test_only_checkout_and_a_saga_that_hands_over_start_executions(given: list[Grant]) -> None:
    about = [grant for grant in given if grant.action.startswith("states:")]
    seen = sorted(
        (role, grant.action, machine)
        for grant in about
        for role in ("Api", "Start", "Sweep", "SagaCheckoutSaga", "SagaExpressCheckoutSaga")
        for machine in ("CheckoutSaga", "ExpressCheckoutSaga", "CheckoutRepair")
        if is_of(grant, f"Checkout{role}") and f"Checkout.CheckoutSaga{machine}" in grant.resource
    )
    assert len(about) == len(seen)
    assert seen == [
        ("Api", "states:StartExecution", "CheckoutRepair"),
        ("SagaCheckoutSaga", "states:StartExecution", "CheckoutRepair"),
        ("SagaExpressCheckoutSaga", "states:StartExecution", "CheckoutRepair"),
        ("Start", "states:StartExecution", "ExpressCheckoutSaga"),
        ("Sweep", "states:StartExecution", "CheckoutRepair"),
        ("Sweep", "states:StartExecution", "ExpressCheckoutSaga"),
    ]


def test_only_checkout_and_customers_invoke_functions_of_other_services(given: list[Grant]) -> None:
    functions = [
        grant
        for grant in given
        if grant.action == "lambda:InvokeFunction" and not is_of(grant, "CheckoutSaga*")
    ]
    asked = {
        (role, name)
        for grant in functions
        for role in ("CheckoutApi", "CheckoutSweep", "CheckoutReconcile", "CustomersEraseDue")
        for name in ASKED
        if is_of(grant, role) and name in grant.resource
    }
    assert len(functions) == len(asked)
    assert asked == {(role, name) for role, names in INVOKED.items() for name in names.split()}


def test_only_the_processor_and_the_steps_that_call_it_read_its_secret(
    given: list[Grant],
) -> None:
    readers = reading(given, "SettleAcquirer.AcquirerSecret")
    assert len(readers) == 8
    steps = ("PaymentsChargePayment", "PaymentsRefundPayment", "PaymentsSeeToRefunds")
    others = ("PaymentsForgetMethods", "PaymentsWebhooksApi", "PaymentsReconcile")
    for role in ("AcquirerApi", "AcquirerSend", *steps, *others):
        assert any(is_of(grant, role) for grant in readers), role


def test_only_what_verifies_tokens_reads_the_secret_behind_callers_ids(
    assembly: Assembly, given: list[Grant], target: str
) -> None:
    found = reading(given, "SettlePlatform.PlatformCallerSecret")
    readers = {(grant.stack, grant.role[:-8]) for grant in found}
    handlers = {(f"Settle{service}", f"{service}ApiRole") for service in APIS}
    handlers.add(("SettlePayments", "PaymentsWebhooksApiRole"))
    assert readers == (handlers if target == "localstack" else {("SettleEdge", "EdgeAuthorizerRole")})
    for stack, name, function in assembly.resources("AWS::Lambda::Function"):
        knows = "CALLER_SECRET" in function["Environment"]["Variables"]
        assert knows is ((stack, f"{name[:-8]}Role") in readers), name


def test_only_customers_wraps_and_unwraps_data_keys_and_with_one_key(given: list[Grant]) -> None:
    using = [grant for grant in given if grant.action.startswith("kms:")]
    assert {grant.action for grant in using} == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert all(is_of(grant, "CustomersApi") for grant in using)
    assert {grant.resource.partition("Key")[0] for grant in using} == {
        "arn:SettleCustomers.CustomersWrapping"
    }


def reading(given: list[Grant], secret: str) -> list[Grant]:
    """The grants to read that secret."""
    readers = [grant for grant in given if grant.action == "secretsmanager:GetSecretValue"]
    return [grant for grant in readers if grant.resource.startswith(f"arn:{secret}")]
