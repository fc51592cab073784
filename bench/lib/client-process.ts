/** The scraper: the same for every server, in a process of its own. Started by `startClient`. */
import { Agent, get } from 'node:http';
import type { Load, Scraped } from './client.ts';

const agents = new Map<number, Agent>();

process.on('message', async (load: Load) => {
  process.send?.(await scrapeAll(load));
});
process.on('disconnect', () => process.exit(0));
process.send?.({});

async function scrapeAll({ url, encoding, clients, forMs }: Load): Promise<Scraped> {
  const agent = agents.get(clients) ?? new Agent({ keepAlive: true, maxSockets: clients });
  agents.set(clients, agent);
  const milliseconds: number[] = [];
  let bytes = 0;
  const end = performance.now() + forMs;
  const client = async () => {
    do {
      const start = performance.now();
      bytes = await scrape(agent, url, encoding);
      milliseconds.push(performance.now() - start);
    } while (performance.now() < end);
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { milliseconds, bytes };
}

/** One scrape, its body read to the end and left as it is; the bytes of it. */
function scrape(agent: Agent, url: string, encoding: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/plain;version=0.0.4', 'accept-encoding': encoding };
    const request = get(`${url}/metrics`, { agent, headers }, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on('error', reject);
      response.on('end', () => {
        const encoded = response.headers['content-encoding'] ?? 'identity';
        if (response.statusCode === 200 && encoded === encoding) resolve(bytes);
        else reject(new Error(`${url}: ${response.statusCode}, ${encoded}`));
      });
    });
    request.on('error', reject);
  });
}
