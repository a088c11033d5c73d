module consumer {
    requires io.github.socketeer;
}
