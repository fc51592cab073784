// Runs in a pod of the product's image, in place of AWS: the simulator over the bill that is mounted beside this file.
import { readFocusFile, startSimulator } from '/app/dist/src/simulator/index.js';

const bill = await readFocusFile(new URL('bill.csv.gz', import.meta.url).pathname, { today: new Date() });
// Small pages, so that there are several.
await startSimulator({ bill, host: '0.0.0.0', port: 4566, pageSize: 500 });
console.log(`Simulated AWS with ${bill.length} charges`);
process.on('SIGTERM', () => process.exit(0));
