"""Parley's Lambdas and routes, in the order in which a message meets them.

Routes are listed in `chalicelib/api/http/routes.py` (one line each); packaging splits them into one function per
edge. Each function below runs the step of its own name in `chalicelib/steps/`. Steps are imported when
their Lambda first runs, so that a cold start pays for one step and not for all.
"""

from __future__ import annotations

from typing import Any

from chalice.app import CloudWatchEvent, DynamoDBEvent, Rate, SQSEvent

from chalicelib.api.http.application import Application
from chalicelib.api.http.blueprint import routes
from chalicelib.preload import preload

app = Application(app_name="parley", configure_logs=False)
app.register_blueprint(routes)
# What is no text says so itself (`chalicelib.ports.web.Bytes`).
app.api.binary_types = []


@app.lambda_function()
def live(event: dict[str, Any], context: Any) -> Any:
    """The sockets of visitors' pages and consoles: lets them in, hears them, forgets them."""
    from chalicelib.steps import live as step

    return step.run(event, context)


@app.on_sqs_message(queue="mails", batch_size=1)
def receive_mail(event: SQSEvent) -> Any:
    """Reads mails that SES put into the bucket, and what it tells of those that we sent."""
    from chalicelib.steps import receive_mail as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="trigger-events.fifo", batch_size=10)
def run_trigger(event: SQSEvent) -> Any:
    """Brings the events of triggers to their threads, with whom they are about."""
    from chalicelib.steps import run_trigger as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="source-events.fifo", batch_size=10)
def ingest_source(event: SQSEvent) -> Any:
    """Finds whose an event of a source is, and puts it on their thread."""
    from chalicelib.steps import ingest_source as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="threads.fifo+bulk-threads.fifo", batch_size=10)
def converse(event: SQSEvent) -> Any:
    """The only writer of threads, conversations and messages."""
    from chalicelib.steps import converse as step

    return step.run(event.to_dict(), event.context)


@app.on_dynamodb_record(stream_arn="messages", batch_size=100)
def fan_out(event: DynamoDBEvent) -> Any:
    """Carries out what `converse` decided: deliveries, sends and turns for each new message."""
    from chalicelib.steps import fan_out as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="media", batch_size=1)
def copy_media(event: SQSEvent) -> Any:
    """Gets files that users sent from their providers, before those let go of them."""
    from chalicelib.steps import copy_media as step

    return step.run(event.to_dict(), event.context)


@app.on_dynamodb_record(stream_arn="messages+connections+beats", batch_size=100)
def push(event: DynamoDBEvent) -> Any:
    """Tells open windows of web chats, and open consoles, what is new."""
    from chalicelib.steps import push as step

    return step.run(event.to_dict(), event.context)


@app.on_dynamodb_record(stream_arn="threads+contacts+endpoints", batch_size=100)
def announce(event: DynamoDBEvent) -> Any:
    """Tells what happened to conversations, contacts and webhooks, and shows consoles their chats."""
    from chalicelib.steps import announce as step

    return step.run(event.to_dict(), event.context)


@app.on_dynamodb_record(stream_arn="threads+deliveries+endpoints", batch_size=1000)
def observe(event: DynamoDBEvent) -> Any:
    """Counts what was said, and how conversations and deliveries fare."""
    from chalicelib.steps import observe as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="deliveries.fifo+bulk-deliveries.fifo", batch_size=10)
def deliver(event: SQSEvent) -> Any:
    """Pumps the lanes of webhook bots and desks."""
    from chalicelib.steps import deliver as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="sends.fifo+bulk-sends.fifo", batch_size=10)
def send(event: SQSEvent) -> Any:
    """Pumps the lanes of channels."""
    from chalicelib.steps import send as step

    return step.run(event.to_dict(), event.context)


@app.schedule(Rate(1, unit=Rate.MINUTES))
def release_due(event: CloudWatchEvent) -> Any:
    """Puts what falls due within the next minute on its queue, to the second."""
    from chalicelib.steps import release_due as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="retries", batch_size=10)
def retry_delivery(event: SQSEvent) -> Any:
    """Makes the due attempt of a waiting webhook lane, apart from first attempts."""
    from chalicelib.steps import retry_delivery as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="send-retries", batch_size=10)
def retry_send(event: SQSEvent) -> Any:
    """Makes the due attempt of a waiting channel lane."""
    from chalicelib.steps import retry_send as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="timers", batch_size=10)
def fire_timer(event: SQSEvent) -> Any:
    """Turns a due timer (offer deadline, bot patience, endpoint back) into what it stands for."""
    from chalicelib.steps import fire_timer as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="erasures", batch_size=1)
def erase(event: SQSEvent) -> Any:
    """Erases a person everywhere, a page of rows at a time."""
    from chalicelib.steps import erase as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="replays", batch_size=1)
def replay_deliveries(event: SQSEvent) -> Any:
    """Goes on with sending many deliveries again, some pages a run."""
    from chalicelib.steps import replay_deliveries as step

    return step.run(event.to_dict(), event.context)


@app.on_sqs_message(queue="dead-letters", batch_size=10)
def bury(event: SQSEvent) -> Any:
    """Records what our own code could not do, for replay."""
    from chalicelib.steps import bury as step

    return step.run(event.to_dict(), event.context, app.event_sources)


# With the CPU of a start rather than that of the first call.
preload()
