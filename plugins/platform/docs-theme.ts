/** Narrow screens: Swagger UI would put the words beside a tag into a column of single letters, and tables beyond the edge. */
const CSS = `
@media (max-width: 40rem) {
  .swagger-ui .wrapper { padding: 0 10px; }
  .swagger-ui .opblock-tag { flex-wrap: wrap; }
  .swagger-ui .opblock-tag small { order: 1; flex-basis: 100%; padding: 0; }
  .swagger-ui .opblock-tag button { margin-left: auto; }
  .swagger-ui .response-col_links { display: none; }
  .swagger-ui .table-container, .swagger-ui .responses-inner { padding: 10px; overflow-x: auto; }
}
`;

/** Swagger UI has dark colours, and waits for a class: the system's choice, as it is now and as it changes. */
const JS = `
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', follow);
follow();
`;

/** What /docs has beside Swagger UI's own files. */
export const docsTheme = {
  title: 'aws-cost-exporter API',
  css: [{ filename: 'narrow.css', content: CSS }],
  js: [{ filename: 'dark.js', content: JS }],
};
