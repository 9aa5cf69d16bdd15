// Reads one JSON object a line, {"library", "secret", "headers", "body"}, and answers a line for each: "verified" or the
// reason why it is refused. "crypto" is no library: node's own ed25519 and what the specification says, nothing else.
import { createPublicKey, verify } from "node:crypto";
import { createInterface } from "node:readline";
import standardwebhooks from "standardwebhooks";
import { Webhook as Svix } from "svix";

const SPKI = Buffer.from("302a300506032b6570032100", "hex"); // what stands before the 32 bytes of an ed25519 key

function asymmetric(key, body, headers) {
  const raw = Buffer.from(key.replace(/^whpk_/, ""), "base64");
  const known = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  const sent = Number(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - sent) <= 300)) throw new Error("timestamp");
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const entries = headers["webhook-signature"].split(" ").map((entry) => entry.split(","));
  const good = entries.some(([v, text]) => v === "v1a" && verify(null, signed, known, Buffer.from(text, "base64")));
  if (!good) throw new Error("signature");
}

for await (const line of createInterface({ input: process.stdin })) {
  const { library, secret, headers, body } = JSON.parse(line);
  try {
    if (library === "crypto") asymmetric(secret, body, headers);
    else if (library === "svix") new Svix(secret).verify(body, headers);
    else new standardwebhooks.Webhook(secret).verify(body, headers);
    console.log("verified");
  } catch (refusal) {
    console.log(`refused: ${refusal.message}`);
  }
}
