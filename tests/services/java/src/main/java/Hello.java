import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

/** A service of one answer. */
public class Hello {
  public static void main(String[] words) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.createContext("/", exchange -> {
      byte[] text = "hello from java\n".getBytes();
      exchange.sendResponseHeaders(200, text.length);
      exchange.getResponseBody().write(text);
      exchange.close();
    });
    server.start();
  }
}
