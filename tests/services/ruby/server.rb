# A service of one answer.
require 'socket'

server = TCPServer.new('0.0.0.0', 8080)
loop do
  client = server.accept
  client.readpartial(1024)
  text = "hello from ruby\n"
  client.write "HTTP/1.1 200 OK\r\nContent-Length: #{text.bytesize}\r\nConnection: close\r\n\r\n#{text}"
  client.close
end
