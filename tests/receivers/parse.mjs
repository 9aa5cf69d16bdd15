// Reads one request a line, {"headers", "body"}, and answers with what the CloudEvents library makes of it.
import { createInterface } from "node:readline";
import { HTTP } from "cloudevents";

for await (const line of createInterface({ input: process.stdin })) {
  const event = HTTP.toEvent(JSON.parse(line));
  console.log(JSON.stringify({ ...event.toJSON(), valid: event.validate() }));
}
