// Reads one JSON object a line, {"secret", "headers", "body"}, and answers a line for each: "verified" or the reason why
// the library refuses it.
import { createInterface } from "node:readline";
import standardwebhooks from "standardwebhooks";

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new standardwebhooks.Webhook(secret).verify(body, headers);
    console.log("verified");
  } catch (refusal) {
    console.log(`refused: ${refusal.message}`);
  }
}
