// A cluster of members of its own, for tests that a demo cannot serve.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long a member may take to come up on a busy machine, in milliseconds. */
const PATIENCE = 60_000;

/**
 * Starts members that listen on free ports of this machine.
 * @param {string} quorate the program
 * @param {number} count
 * @param {string[]} flags more of them
 */
export async function startCluster(quorate, count, flags) {
  const folder = mkdtempSync(join(tmpdir(), "quorate-page-"));
  const ports = await freePorts(2 * count);
  const members = Array.from({ length: count }, (_, i) => ({
    name: `n${i + 1}`,
    client: `http://127.0.0.1:${ports[2 * i]}`,
    peer: `http://127.0.0.1:${ports[2 * i + 1]}`,
  }));
  const all = members.map(({ name, peer }) => `${name}=${peer}`).join(",");
  const processes = members.map(({ name, client, peer }) =>
    spawn(
      quorate,
      [
        "serve",
        ...["--name", name, "--data-dir", join(folder, name), "--initial-cluster", all],
        ...["--listen-client-urls", client, "--advertise-client-urls", client],
        ...["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer],
        ...flags,
      ],
      { stdio: "ignore" },
    ),
  );
  const stop = async () => {
    for (const one of processes) one.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  await Promise.all(members.map(({ client }) => isReady(client))).catch(async (error) => {
    await stop();
    throw error;
  });
  return { urls: members.map(({ client }) => client), stop };
}

/** Ports that nobody listens on now. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map((server) => new Promise((ready) => server.listen(0, "127.0.0.1", ready))),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

async function isReady(url) {
  const end = Date.now() + PATIENCE;
  while (Date.now() < end) {
    const answer = await fetch(`${url}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error(`${url} does not become ready`);
}
