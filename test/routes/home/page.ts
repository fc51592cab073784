import type { Exporter } from '../../helper.ts';

/** The page, and what of it can be read as text. */
export async function home({ get }: Pick<Exporter, 'get'>) {
  const { status, headers, text } = await get('/');
  const words = text
    .replace(/<head>.*<\/head>/s, '')
    .replaceAll(/<\/?(bdi|time|span|strong|a|small|svg|g)\b[^>]*>/g, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll(/\n\s*/g, '\n');
  return {
    status,
    headers,
    text,
    body: text.slice(text.indexOf('</head>')),
    words,
    bars: [...text.matchAll(/<rect class="(bar[^"]*)"/g)].map(([, kind]) => kind),
  };
}
