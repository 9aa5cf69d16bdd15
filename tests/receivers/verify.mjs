// Reads one JSON object a line, {"library", "key", "headers", "body"}, and answers a line for each: "verified" or the
// reason why it is refused. "crypto" is no library: node's own and what the specification says, nothing else.
import { createHmac, createPublicKey, timingSafeEqual, verify } from "node:crypto";
import { createInterface } from "node:readline";
import { Webhook as Standard } from "standardwebhooks";
import { Webhook as Svix1 } from "svix";
import { Webhook as Svix2 } from "svix2";

const SPKI = Buffer.from("302a300506032b6570032100", "hex"); // what stands before the 32 bytes of an ed25519 key

function genuine(key, signed) {
  const raw = Buffer.from(key.replace(/^wh(sec|pk)_/, ""), "base64");
  if (key.startsWith("whsec_")) {
    const right = createHmac("sha256", raw).update(signed).digest();
    return ([scheme, given]) => scheme === "v1" && given.length === right.length && timingSafeEqual(given, right);
  }
  const known = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  return ([scheme, given]) => scheme === "v1a" && verify(null, signed, known, given);
}

function plain(key, body, headers) {
  const sent = Number(headers["webhook-timestamp"]);
  if (!(Math.abs(Date.now() / 1000 - sent) <= 300)) throw new Error("timestamp");
  const signed = Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`);
  const entries = headers["webhook-signature"].split(" ").map((entry) => entry.split(","));
  const raw = entries.map(([scheme, text]) => [scheme, Buffer.from(text, "base64")]);
  if (!raw.some(genuine(key, signed))) throw new Error("signature");
}

const LIBRARIES = {
  standardwebhooks: (key, body, headers) => new Standard(key).verify(body, headers),
  svix: (key, body, headers) => new Svix1(key).verify(body, headers),
  svix2: (key, body, headers) => new Svix2(key).verify(body, headers),
  crypto: plain,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { library, key, headers, body } = JSON.parse(line);
  try {
    LIBRARIES[library](key, body, headers);
    console.log("verified");
  } catch (refusal) {
    console.log(`refused: ${refusal.message}`);
  }
}
