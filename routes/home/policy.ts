import { createHash } from 'node:crypto';
import { SCRIPT } from './slash.ts';
import { STYLE } from './style.ts';

const hashOf = (text: unknown) => `'sha256-${createHash('sha256').update(String(text)).digest('base64')}'`;

/** Content security policy of the page: its own style, its own one-line script, its own icon, and nothing else. */
export const HOME_CSP = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
