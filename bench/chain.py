"""The empty chain: the same hops as Parley's with nothing in them, on the same emulator, for comparison.

API -> FIFO -> Lambda (put item) -> stream -> Lambda -> FIFO -> Lambda (POST to the bot) -> FIFO -> Lambda (put item),
and an API that polls for the answer. Five Lambdas of a few lines with boto3 alone. Each prints a line as
Parley's do.
"""

from __future__ import annotations

import json
import time
from typing import Any

from infra.local.stack import Stack

_CLIENTS = "import json, os, time, boto3\nsqs, db = boto3.client('sqs'), boto3.client('dynamodb')\n"
_SEND = """
def send(queue, body):
    sqs.send_message(QueueUrl=os.environ[queue], MessageBody=json.dumps(body), MessageGroupId=body["thread"],
                     MessageDeduplicationId=body["key"] + body["kind"])
"""
_CODE = {
    "receive": _CLIENTS
    + _SEND
    + """
def handler(event, context):
    print("a line")
    send("IN", json.loads(event["body"]) | {"kind": "in"})
    return {"statusCode": 202, "body": "{}"}
""",
    "keep": _CLIENTS
    + """
def handler(event, context):
    print("a line")
    for record in event["Records"]:
        body = json.loads(record["body"])
        item = {"thread": {"S": body["thread"]}, "seq": {"N": str(time.time_ns())}, "body": {"S": record["body"]}}
        db.put_item(TableName="chain", Item=item)
    return {"batchItemFailures": []}
""",
    "fan": _CLIENTS
    + _SEND
    + """
def handler(event, context):
    print("a line")
    for record in event["Records"]:
        body = json.loads(record["dynamodb"]["NewImage"]["body"]["S"])
        if body["kind"] == "in":
            send("OUT", body)
    return {"batchItemFailures": []}
""",
    "tell": _CLIENTS
    + _SEND
    + """
import http.client
from urllib.parse import urlsplit

def handler(event, context):
    print("a line")
    for record in event["Records"]:
        body, url = json.loads(record["body"]), urlsplit(os.environ["BOT"])
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=5)
        connection.request("POST", url.path, record["body"], {"Content-Type": "application/json"})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        send("IN", body | {"kind": "out", "text": answer["answer"]})
    return {"batchItemFailures": []}
""",
    "poll": _CLIENTS
    + """
def handler(event, context):
    print("a line")
    query = event["queryStringParameters"]
    until = time.time() + 20
    while True:
        found = db.query(TableName="chain", KeyConditionExpression="thread = :t AND seq > :s", ConsistentRead=True,
                         ExpressionAttributeValues={":t": {"S": query["thread"]}, ":s": {"N": query["after"]}})
        out = [item for item in found["Items"] if '"out"' in item["body"]["S"]]
        if out or time.time() > until:
            after = found["Items"][-1]["seq"]["N"] if found["Items"] else query["after"]
            return {"statusCode": 200, "body": json.dumps({"data": [item["body"]["S"] for item in out], "next": after})}
        time.sleep(0.3)
""",
}


def deploy(up: Stack, bot_url: str) -> str:
    """Deploy the chain beside Parley; gives its base URL."""
    formation = up.client("cloudformation")
    formation.create_stack(
        StackName="chain",
        TemplateBody=json.dumps(_template(bot_url)),
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    for _ in range(100):
        status = formation.describe_stacks(StackName="chain")["Stacks"][0]
        if status["StackStatus"] == "CREATE_COMPLETE":
            apis = up.client("apigatewayv2").get_apis()["Items"]
            api = next(api["ApiId"] for api in apis if not api["Name"].startswith("parley"))
            return f"{up.endpoint}/_aws/execute-api/{api}"
        if "FAILED" in status["StackStatus"] or "ROLLBACK" in status["StackStatus"]:
            raise RuntimeError(str(status))
        time.sleep(0.2)
    raise RuntimeError("the chain was not deployed in time")


def _template(bot_url: str) -> dict[str, Any]:
    queue = {"FifoQueue": True, "DeduplicationScope": "messageGroup", "FifoThroughputLimit": "perMessageGroupId"}
    table = {
        "TableName": "chain",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "thread", "AttributeType": "S"},
            {"AttributeName": "seq", "AttributeType": "N"},
        ],
        "KeySchema": [{"AttributeName": "thread", "KeyType": "HASH"}, {"AttributeName": "seq", "KeyType": "RANGE"}],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
    }
    stream = {
        "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]},
        "BatchSize": 100,
        "StartingPosition": "TRIM_HORIZON",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    sources: dict[str, Any] = {
        "keep": _from_queue("In"),
        "tell": _from_queue("Out"),
        "fan": {"Type": "DynamoDB", "Properties": stream},
    }
    resources: dict[str, Any] = {
        "In": {"Type": "AWS::SQS::Queue", "Properties": queue | {"QueueName": "chain-in.fifo"}},
        "Out": {"Type": "AWS::SQS::Queue", "Properties": queue | {"QueueName": "chain-out.fifo"}},
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
    }
    rights = {"Effect": "Allow", "Action": ["sqs:*", "dynamodb:*", "logs:*"], "Resource": "*"}
    for name, code in _CODE.items():
        properties = {
            "FunctionName": f"chain-{name}",
            "InlineCode": code,
            "Handler": "index.handler",
            "Runtime": "python3.11",
            "Timeout": 30,
            "MemorySize": 1024,
            "Policies": [{"Version": "2012-10-17", "Statement": [rights]}],
            "Environment": {"Variables": {"IN": {"Ref": "In"}, "OUT": {"Ref": "Out"}, "BOT": bot_url}},
            "Events": {"Source": sources[name]} if name in sources else {},
        }
        resources[name.title()] = {"Type": "AWS::Serverless::Function", "Properties": properties}
    resources |= _api({"POST /in": "Receive", "GET /out": "Poll"})
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": resources,
    }


def _from_queue(name: str) -> dict[str, Any]:
    source = {"Queue": {"Fn::GetAtt": [name, "Arn"]}, "BatchSize": 10}
    return {"Type": "SQS", "Properties": source | {"FunctionResponseTypes": ["ReportBatchItemFailures"]}}


def _api(routes: dict[str, str]) -> dict[str, Any]:
    """An HTTP API like Parley's: key of a route -> the function that it leads to."""
    api = {"Ref": "Api"}
    found: dict[str, Any] = {
        "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "chain", "ProtocolType": "HTTP"}},
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {"ApiId": api, "StageName": "$default", "AutoDeploy": True},
        },
    }
    for key, function in routes.items():
        way = {
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": {"Fn::GetAtt": [function, "Arn"]},
            "PayloadFormatVersion": "2.0",
        }
        route = {"ApiId": api, "RouteKey": key, "Target": {"Fn::Sub": f"integrations/${{{function}Way}}"}}
        permission = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": function},
            "Principal": "apigateway.amazonaws.com",
        }
        found |= {
            f"{function}Way": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": way},
            f"{function}Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": route},
            f"{function}Permission": {"Type": "AWS::Lambda::Permission", "Properties": permission},
        }
    return found
