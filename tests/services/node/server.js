const http = require('http');
const isNumber = require('is-number');

http
  .createServer((_, answer) => answer.end(`hello from node ${isNumber(1)}\n`))
  .listen(8080);
