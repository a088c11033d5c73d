package socketeer.bench.peers

/** The three lines that the README begins with. */
public class Recv : Ours({
    while (true) send(recv() ?: break)
})
